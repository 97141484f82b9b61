# mypy: ignore-errors
"""Generated from schemas/upstream_error.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


NoneType = type(None)

def validate(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['error']) - data.keys()
        if data__missing_keys:
            raise Invalid
        data_keys = set(data.keys())
        if "error" in data_keys:
            data_keys.remove("error")
            data__error = data["error"]
            if not isinstance(data__error, (dict)):
                raise Invalid
            data__error_is_dict = isinstance(data__error, dict)
            if data__error_is_dict:
                data__error__missing_keys = set(['code']) - data__error.keys()
                if data__error__missing_keys:
                    raise Invalid
                data__error_keys = set(data__error.keys())
                if "code" in data__error_keys:
                    data__error_keys.remove("code")
                    data__error__code = data__error["code"]
                    if not isinstance(data__error__code, (str)):
                        raise Invalid
                    if isinstance(data__error__code, str):
                        data__error__code_len = len(data__error__code)
                        if data__error__code_len < 1:
                            raise Invalid
                if "message" in data__error_keys:
                    data__error_keys.remove("message")
                    data__error__message = data__error["message"]
                if "target" in data__error_keys:
                    data__error_keys.remove("target")
                    data__error__target = data__error["target"]
    return data


def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
