"""From a fitted network to a release: model.keras, model.onnx, report, manifest."""
