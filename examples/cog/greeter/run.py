from cog import BaseRunner, Input

GREETINGS = {"en": "Hello", "fr": "Bonjour", "it": "Ciao"}


class Runner(BaseRunner):
    def setup(self) -> None:
        self.greetings = dict(GREETINGS)

    def run(
        self,
        name: str = Input(description="Who is greeted.", min_length=1, max_length=80),
        language: str = Input(description="The tongue.", default="en", choices=list(GREETINGS)),
        loudness: int = Input(description="How many exclamation marks.", default=1, ge=0, le=3),
    ) -> str:
        return f"{self.greetings[language]}, {name}{'!' * loudness}"
