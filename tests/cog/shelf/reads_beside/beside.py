def shouted(word: str) -> str:
    return word.upper() + "!"
