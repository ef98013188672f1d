"""Returns a symbolic link as its file: to a file of its own, or to one of the machine."""

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def predict(self, target: str = Input(default="")) -> Path:
        own = Path("own.txt")
        own.write_text("its own")
        link = Path("link.txt")
        if link.is_symlink():
            link.unlink()
        link.symlink_to(target or own.absolute())
        return link
