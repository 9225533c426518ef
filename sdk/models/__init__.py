"""Files of weights that packages do not include: found on this machine or downloaded once, and always checked."""

from sdk.models.files import model_file
from sdk.models.folders import CACHE_VARIABLE, MIRROR_VARIABLE, MODELS_VARIABLE, cache_folder, models_folder

__all__ = ["CACHE_VARIABLE", "MIRROR_VARIABLE", "MODELS_VARIABLE", "cache_folder", "model_file", "models_folder"]
