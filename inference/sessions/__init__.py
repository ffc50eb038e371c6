"""Run a loaded model: the graph of a release on ONNX Runtime, or a bare `.keras` file on TensorFlow.

session.py has the interface that both share. zip_file.py and inflate.py read archives of strangers.
"""
