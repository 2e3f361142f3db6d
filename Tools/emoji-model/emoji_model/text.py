"""Step 2: the text encoder alone, telling emoji, style and ground from its mean hidden state.

Without it the first model drew nothing recognisable. The three heads are kept: the diffusion loss
goes on with a little of this one.
"""

import torch
from torch.nn import functional

from . import networks, training
from .captions import GROUNDS, STYLES, Captions
from .pictures import random_choices


class Heads(torch.nn.Module):
    """Emoji, style and ground of the mean of hidden states."""

    def __init__(self, emoji):
        super().__init__()
        sizes = (emoji, len(GROUNDS), len(STYLES))
        self.heads = torch.nn.ModuleList(torch.nn.Linear(networks.HIDDEN, s) for s in sizes)

    def forward(self, hidden, *wanted):
        """Cross entropies, summed, and the share of captions told in all three."""
        mean = hidden.float().mean(1)
        scores = [head(mean) for head in self.heads]
        loss = sum(functional.cross_entropy(s, w) for s, w in zip(scores, wanted, strict=True))
        right = [s.argmax(1) == w for s, w in zip(scores, wanted, strict=True)]
        return loss, torch.stack(right).all(0).float().mean()


class CaptionSampler:
    """Token ids of random captions for given pictures, on the device."""

    def __init__(self, folder, device):
        captions = Captions(folder)
        self.vocabulary_size = len(captions.index)
        self.ids = torch.from_numpy(captions.ids).to(device)
        self.word_range = torch.from_numpy(captions.word_range).to(device)
        self.empty = torch.tensor(captions.encode(""), device=device)

    def __call__(self, emoji, grounds, styles):
        """[N, 32]. Half of the words are the name; white need not be said."""
        device, size = emoji.device, len(emoji)
        first, end = self.word_range[emoji].unbind(1)
        any_word = first + (torch.rand(size, device=device) * (end - first)).long()
        words = torch.where(torch.rand(size, device=device) < 0.5, first, any_word)
        unsaid = (grounds == 0) & (torch.rand(size, device=device) < 0.6)
        forms = torch.randint(self.ids.shape[3], (size,), device=device)
        return self.ids[words, torch.where(unsaid, 0, grounds + 1), styles, forms].long()


def main():
    options = training.arguments(__doc__, seconds=300)
    device = options.device
    captions = CaptionSampler(options.data, device)
    count = len(captions.word_range)
    encoder = networks.text_encoder(captions.vocabulary_size).to(device)
    if options.start:
        networks.start_from(encoder, options.start / "text_encoder/model.safetensors")
        # The U-Net to begin with knows it as it is: the heads alone are new.
        encoder.requires_grad_(False)
    heads = Heads(count).to(device)
    trainer = training.Trainer("text", {"encoder": encoder, "heads": heads}, options, rate=1e-3)

    def loss_of_batch():
        choices = random_choices(count, options.batch, device)
        with training.mixed_precision(device):
            hidden = encoder(captions(*choices)).last_hidden_state
        return heads(hidden, *choices)

    trainer.run(loss_of_batch)


if __name__ == "__main__":
    main()
