"""Train a release: from labelled pictures to a network that is calibrated, measured and sealed.

There are three ways to train. Start reading in the file of one of them:

1. own_classes.py: photos with the classes of a user. Frozen networks, which are not trained, turn each photo
   into a vector. A head (last layer) is fitted on these vectors.
2. ten_classes.py: photos of the ten classes of Fashion-MNIST. A release gets a new head for photos.
3. pixel_network.py: pictures of 28 x 28. A whole network is trained.

A service never imports this package, so the files here may import TensorFlow, scikit-learn and matplotlib.
"""
