# mypy: ignore-errors
"""Generated from schemas/file_stats.input.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


NoneType = type(None)

def validate(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['file_hash']) - data.keys()
        if data__missing_keys:
            raise Invalid
        data_keys = set(data.keys())
        if "file_hash" in data_keys:
            data_keys.remove("file_hash")
            data__filehash = data["file_hash"]
            if not isinstance(data__filehash, (str)):
                raise Invalid
            if isinstance(data__filehash, str):
                data__filehash_len = len(data__filehash)
                if data__filehash_len < 1:
                    raise Invalid
                if data__filehash_len > 256:
                    raise Invalid
        if "lookback_hours" in data_keys:
            data_keys.remove("lookback_hours")
            data__lookbackhours = data["lookback_hours"]
            if not isinstance(data__lookbackhours, (int)) and not (isinstance(data__lookbackhours, float) and data__lookbackhours.is_integer()) or isinstance(data__lookbackhours, bool):
                raise Invalid
            if isinstance(data__lookbackhours, (int, float)) and not isinstance(data__lookbackhours, bool):
                if data__lookbackhours < 1:
                    raise Invalid
                if data__lookbackhours > 720:
                    raise Invalid
        if data_keys:
            raise Invalid
    return data


def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
