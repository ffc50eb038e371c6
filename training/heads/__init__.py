"""What is learnt on vectors: classes, OOD scores, and answers to what a head did not learn."""
