"""A dual encoder trained by lgdea, in PyTorch.

    import lgdea                       # this file's folder on sys.path
    model = lgdea.load("folder")       # what `lgdea export RUN --out folder` wrote
    g = model.encode_images(images)    # [n, D] of standardised grey images [n, size, size]
    t = model.encode_texts(ids)        # [n, D] of token ids [n, tokens], padded with 0
    (g @ t.T) * model.scale            # similarities

`python lgdea.py` compares it with what lgdea itself made of the same inputs. Needs torch and safetensors; transformers for a
BERT, timm for a published image encoder, tokenizers to split texts.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F


def standardise(image: torch.Tensor) -> torch.Tensor:
    """Grey levels [size, size] as the encoder reads them: mean 0, deviation 1."""
    image = image.float()
    return (image - image.mean()) / image.std(correction=0).clamp_min(1e-6)


# The architectures of each tower that no library has; `lgdea export` puts them here.
ImageNetwork = None
TextNetwork = None


class Published(nn.Module):
    """An image encoder of timm's, as patches."""

    def __init__(self, folder: Path, settings: dict):
        super().__init__()
        import timm

        # A network that ends after its third stage has no weights for the fourth.
        last = settings.get("stage", 4)
        self.net = timm.create_model(settings["architecture"], num_classes=0, **settings["model_args"])
        missing, unexpected = self.net.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        missing = [name for name in missing if not (last < 4 and name.startswith("layer4."))]
        # Nor has any for what follows the patches.
        missing = [name for name in missing if not name.endswith("num_batches_tracked") and not name.startswith("head.")]
        assert not missing and not unexpected, (missing, unexpected)
        if last < 4:
            self.net.layer4 = nn.Identity()

    def forward(self, images):
        x = self.net.forward_features(images)
        if x.dim() == 3:
            return x[:, self.net.num_prefix_tokens :]
        channels_last = getattr(self.net, "output_fmt", "NCHW") == "NHWC"
        return x.flatten(1, 2) if channels_last else x.flatten(2).transpose(1, 2)


class Bert(nn.Module):
    """A text encoder of transformers', as states."""

    def __init__(self, folder: Path, pooling: str):
        super().__init__()
        from transformers import AutoModel

        self.net = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.pooling = pooling

    def forward(self, ids, padding):
        out = self.net(ids, attention_mask=(~padding).long(), output_hidden_states=True)
        return sum(out.hidden_states[1:][-4:]) if self.pooling == "last-four" else out.last_hidden_state


def own(network, folder: Path, config: dict) -> nn.Module:
    """An architecture of lgdea's own with its weights."""
    model = network(**config["model_args"])
    missing, unexpected = model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    assert not missing and not unexpected, (missing, unexpected)
    return model


class DualEncoder(nn.Module):
    """Both towers with their heads. Embeddings have unit length."""

    def __init__(self, image: nn.Module, text: nn.Module, config: dict, rest: dict):
        super().__init__()
        self.image, self.text, self.config = image, text, config
        for name, tensor in rest.items():
            self.register_buffer(name.replace(".", "_"), tensor)
        self.scale = self.log_scale.exp().item()

    def _linear(self, name: str, x):
        return F.linear(x, getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias"))

    def patches(self, images):
        """Patch features [n, patches, d] of standardised grey images [n, size, size]."""
        features = self.image(images[:, None])
        return self._linear("image_neck", features) if hasattr(self, "image_neck_weight") else features

    def encode_images(self, images):
        """Global embeddings [n, D]."""
        projected = self._linear("image_head", self.patches(images))
        return F.normalize(projected.mean(1) + projected.amax(1), dim=1, eps=1e-6)

    def encode_texts(self, ids):
        """Embeddings [n, D] of token ids [n, tokens], padded as its tokenizer pads."""
        padding = ids == self.config["text"]["padding"]
        hidden = self.text(ids, padding)
        pooling = self.config["text"]["pooling"]
        if pooling == "attention":
            scores = self._linear("text_pool", hidden).masked_fill(padding[..., None], -1e4)
            pooled = (scores.softmax(1) * hidden).sum(1)
        elif pooling == "cls":
            pooled = hidden[:, 0]
        else:
            present = (~padding)[..., None]
            pooled = (hidden * present).sum(1) / present.sum(1).clamp_min(1)
        return F.normalize(self._linear("text_head", pooled), dim=1, eps=1e-6)

    def phrase_evidence(self, embeddings):
        """Distributions over prototypes [n, K] of phrase embeddings [n, D] (equation 4)."""
        return (embeddings @ self.prototypes_mu.T / self.config["text_temperature"]).softmax(1)

    def image_evidence(self, images):
        """Distributions over prototypes [n, K] (equation 7) of images."""
        h = self.patches(images)
        keys = self._linear("lesion_key", h)
        attention = (self.lesion_query @ keys.transpose(1, 2) / h.shape[2] ** 0.5).softmax(2)
        x = attention @ self._linear("lesion_value", h)
        x = F.layer_norm(x, x.shape[2:], self.lesion_head_norm_weight, self.lesion_head_norm_bias)
        tokens = self._linear("lesion_head_project", F.gelu(self._linear("lesion_head_expand", x)))
        tokens = F.normalize(tokens, dim=2, eps=1e-6)
        return (tokens @ self.prototypes_mu.T / self.config["image_temperature"]).softmax(2).mean(1)


def load(folder) -> DualEncoder:
    """The model of a folder that `lgdea export` wrote, in evaluation mode."""
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    image, text = (json.loads((folder / tower / "config.json").read_text()) for tower in ("image", "text"))
    images = own(ImageNetwork, folder / "image", image) if ImageNetwork else Published(folder / "image", image)
    texts = own(TextNetwork, folder / "text", text) if TextNetwork else Bert(folder / "text", config["text"]["pooling"])
    return DualEncoder(images, texts, config, load_file(folder / "model.safetensors")).eval()


if __name__ == "__main__":
    here = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    model, known = load(here), load_file(here / "check.safetensors")
    with torch.no_grad():
        texts = model.encode_texts(known["ids"].long())
        found = {
            "image_embeddings": model.encode_images(known["images"]),
            "text_embeddings": texts,
            "image_evidence": model.image_evidence(known["images"]),
            "phrase_evidence": model.phrase_evidence(texts),
        }
    worst = 0.0
    for name, tensor in found.items():
        gap = (tensor - known[name]).abs().max().item()
        worst = max(worst, gap)
        print(f"{name}: differs by {gap:.1e}")
    sys.exit(0 if worst < 1e-4 else 1)
