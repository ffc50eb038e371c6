"""Steps from an upload to a decision: upload, picture, pixels, probabilities, decision.

Start reading in classifier.py. The files here join three folders that do not know each other: `pictures`
turns an upload into pixels, `sessions` runs a network, and `words` reads titles. `text` has what every
package needs. Nothing here knows of Flask, of S3, or of where a model came from.
"""
