"""OpenAI's routes: each request is a prediction, answered in OpenAI's words."""
