"""The three networks, in the shapes of PAI-Diffusion: 15 M parameters together."""

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from .captions import TOKENS

HIDDEN = 160


def autoencoder():
    """8 times smaller, 4 latent channels."""
    channels = (32, 64, 96, 128)
    return AutoencoderKL(
        block_out_channels=channels,
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=128,
    )


def text_encoder(vocabulary_size):
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary_size,
            hidden_size=HIDDEN,
            intermediate_size=4 * HIDDEN,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=HIDDEN,
            pad_token_id=0,
            bos_token_id=2,
            eos_token_id=3,
        )
    )


def unet():
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(96, 128, 128, 128),
        down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
        up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
        layers_per_block=1,
        attention_head_dim=4,
        cross_attention_dim=HIDDEN,
    )


def noise_schedule():
    """Stable Diffusion's, sampled by DDIM."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def start_from(network, path):
    """Takes the weights of a safetensors file that have the same name and shape."""
    from safetensors.torch import load_file

    own = network.state_dict()
    given = load_file(path)
    fitting = {k: v for k, v in given.items() if k in own and own[k].shape == v.shape}
    network.load_state_dict(fitting, strict=False)
    return len(fitting)
