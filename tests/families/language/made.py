"""Models of transformers with random weights, so small that an answer takes no time. How they are run is real.

Runs in the families' own environment: `python made.py FOLDER WHISPER` writes all of them there; WHISPER is a
directory with the words of that one.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTForImageClassification,
    VitsConfig,
    VitsModel,
    VitsTokenizer,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

WORDS = ["The cat sat on the mat. Hello world!", "user assistant system tool de_DE"]
SPECIAL = ["<pad>", "<s>", "</s>", "<image>"]
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
SIDE = 32
KNOWN = 0.05  # of the loss: at that it says its lesson without a mistake
ASKED = {"role": "user", "content": "How is the weather in Rome?"}
CALL = (
    "<think>Let me look.</think>\nOne moment."
    '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_call>'
)
# It knows no system messages, as some real ones do not.
TEMPLATE = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('There is no system.') }}{% endif %}"
    "{% for m in messages %}<s>{{ m.role }}: {% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content %}{{ '<image>' if part.type == 'image' else part.text }}{% endfor %}{% endif %}\n"
    "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)


def chatting(folder: Path) -> None:
    words = tokenizer(chat_template=TEMPLATE)
    words.save_pretrained(folder)
    LlamaForCausalLM(llama(words, room=128)).save_pretrained(folder)


def calling(folder: Path) -> None:
    """Knows one thing by heart: to think, and to call a function, when it is asked for the weather."""
    words = tokenizer(chat_template="{% if tools %}Tools go in <tool_call>.\n{% endif %}" + TEMPLATE)
    words.save_pretrained(folder)
    model = LlamaForCausalLM(llama(words, room=256))
    asked = words.apply_chat_template([ASKED], tools=[{}], tokenize=False, add_generation_prompt=True)
    lesson = words(asked + CALL + "</s>", return_tensors="pt", add_special_tokens=False)["input_ids"]
    steps = torch.optim.Adam(model.parameters(), lr=6e-3)
    loss = torch.tensor(1.0)
    while loss > KNOWN:
        loss = model(input_ids=lesson, labels=lesson).loss
        steps.zero_grad()
        loss.backward()
        steps.step()
    model.save_pretrained(folder)


def going_on(folder: Path) -> None:
    words = tokenizer()
    words.save_pretrained(folder)
    LlamaForCausalLM(llama(words, room=64)).save_pretrained(folder)


def seeing_and_talking(folder: Path) -> None:
    words = tokenizer(chat_template=TEMPLATE, extra_special_tokens={"image_token": "<image>"})
    sight = CLIPVisionConfig(**SMALL, image_size=SIDE, patch_size=8)
    place = words.convert_tokens_to_ids("<image>")
    config = LlavaConfig(vision_config=sight, text_config=llama(words, room=256), image_token_index=place)
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    LlavaProcessor(
        pictures,
        words,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    ).save_pretrained(folder)


def rewriting(folder: Path) -> None:
    words = tokenizer(model_max_length=100)
    words.save_pretrained(folder)
    config = T5Config(
        vocab_size=len(words),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
        eos_token_id=2,
        pad_token_id=0,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)


def speaking(folder: Path) -> None:
    config = VitsConfig(
        vocab_size=32,
        hidden_size=16,
        num_hidden_layers=2,
        ffn_dim=32,
        flow_size=16,
        spectrogram_bins=9,
        num_attention_heads=2,
        upsample_initial_channel=16,
        prior_encoder_num_flows=1,
        posterior_encoder_num_wavenet_layers=1,
        prior_encoder_num_wavenet_layers=1,
        duration_predictor_num_flows=1,
        wavenet_dilation_rate=1,
    )
    VitsModel(config).save_pretrained(folder)
    letters = {letter: number for number, letter in enumerate(" abcdefghijklmnopqrstuvwxyz'-")}
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({**letters, "<unk>": 31}))
    VitsTokenizer(str(vocabulary), pad_token=" ", phonemize=False).save_pretrained(folder)


def hearing(folder: Path) -> None:
    """Of English alone, with the words of the real one."""
    words = WhisperTokenizer.from_pretrained(sys.argv[2])
    end = words.convert_tokens_to_ids("<|endoftext|>")
    start = words.convert_tokens_to_ids("<|startoftranscript|>")
    config = WhisperConfig(
        vocab_size=51_864,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    model = WhisperForConditionalGeneration(config)
    said = {
        "no_timestamps_token_id": words.convert_tokens_to_ids("<|notimestamps|>"),
        "is_multilingual": False,
        "max_length": 40,
        "_from_model_config": False,  # else it is made anew, without these
    }
    for name, value in said.items():
        setattr(model.generation_config, name, value)
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(), words).save_pretrained(folder)


def spelling(folder: Path) -> None:
    folder.mkdir()
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz"]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({letter: number for number, letter in enumerate(letters)}))
    Wav2Vec2CTCTokenizer(str(vocabulary)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    config = Wav2Vec2Config(
        **SMALL,
        vocab_size=len(letters),
        conv_dim=(16, 16, 16),
        conv_stride=(5, 4, 4),
        conv_kernel=(10, 8, 4),
        num_feat_extract_layers=3,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
    Wav2Vec2ForCTC(config).save_pretrained(folder)


def sorting(folder: Path) -> None:
    words = tokenizer(model_max_length=64)
    words.save_pretrained(folder)
    labels = {"id2label": {0: "good", 1: "bad"}, "label2id": {"good": 0, "bad": 1}}
    BertForSequenceClassification(BertConfig(**SMALL, vocab_size=len(words), **labels)).save_pretrained(
        folder
    )


def seeing(folder: Path) -> None:
    labels = {"id2label": {0: "cat", 1: "dog", 2: "cow"}, "label2id": {"cat": 0, "dog": 1, "cow": 2}}
    config = ViTConfig(**SMALL, image_size=SIDE, patch_size=8, **labels)
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)


def llama(words: PreTrainedTokenizerFast, *, room: int) -> LlamaConfig:
    return LlamaConfig(
        **SMALL,
        vocab_size=len(words),
        num_key_value_heads=2,
        max_position_embeddings=room,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )


def tokenizer(**more: object) -> PreTrainedTokenizerFast:
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    trained.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained, pad_token="<pad>", bos_token="<s>", eos_token="</s>", **more
    )


MAKERS = {
    "tiny-chat": chatting,
    "tiny-caller": calling,
    "tiny-text": going_on,
    "tiny-vision": seeing_and_talking,
    "tiny-rewriter": rewriting,
    "tiny-voice": speaking,
    "tiny-ear": hearing,
    "tiny-speller": spelling,
    "tiny-sorter": sorting,
    "tiny-eye": seeing,
}

if __name__ == "__main__":
    for name, make in MAKERS.items():
        torch.manual_seed(0)
        make(Path(sys.argv[1], name))
