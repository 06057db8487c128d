"""What the studies say: effects, pooling of rare events, certainty."""
