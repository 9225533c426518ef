"""Files of weights that packages do not include: found on this machine or downloaded once, and always checked."""

from sdk.models.files import MIRROR_VARIABLE, MODELS_VARIABLE, cache_folder, model_file, models_folder

__all__ = ["MIRROR_VARIABLE", "MODELS_VARIABLE", "cache_folder", "model_file", "models_folder"]
