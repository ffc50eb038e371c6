"""Make a release of a fitted network: model.keras, model.onnx, report, manifest."""
