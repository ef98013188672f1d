"""Breaks for good in one run, and says so when it is asked."""

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.broken = False

    async def healthcheck(self) -> bool:
        return not self.broken

    def run(self, how: str) -> str:
        if how == "break":
            self.broken = True
            raise RuntimeError("the device is lost")
        if how == "fail":
            raise ValueError("only this time")
        return "broken" if self.broken else "well"
