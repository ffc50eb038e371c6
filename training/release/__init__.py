"""Make a release: a folder with a network (model.keras, model.onnx), its report and its manifest."""
