"""The parts that tiny pipelines share: a coder of pictures, text encoders, and a tokenizer."""

from diffusers import AutoencoderKL
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast, T5Config

WORDS = ["a red fox in the snow, morning light", "a blue house by the sea, at night, in fog"]
WIDTH = 8


def coder(**more: float) -> AutoencoderKL:
    """Four blocks, so that a latent spans 8 x 8 pixels as in the real ones, and without attention: it is quick."""
    return AutoencoderKL(
        block_out_channels=(4, 4, 8, 8),
        layers_per_block=1,
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        latent_channels=4,
        norm_num_groups=2,
        mid_block_add_attention=False,
        **more,
    )


def clip() -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            hidden_size=WIDTH,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            vocab_size=200,
            max_position_embeddings=32,
            projection_dim=WIDTH,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        )
    )


def t5(kind: str = "t5") -> T5Config:
    return T5Config(
        d_model=WIDTH, d_kv=4, d_ff=16, num_layers=1, num_heads=2, vocab_size=200, decoder_start_token_id=0
    )


def tokenizer() -> PreTrainedTokenizerFast:
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Whitespace()
    trained.train_from_iterator(
        WORDS, trainers.BpeTrainer(vocab_size=200, special_tokens=["<pad>", "<s>", "</s>", "<unk>"])
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=trained,
        model_max_length=32,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
