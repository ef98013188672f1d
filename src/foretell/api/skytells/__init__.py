"""The Skytells routes: predictions and models."""
