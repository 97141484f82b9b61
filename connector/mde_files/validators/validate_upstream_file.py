# mypy: ignore-errors
"""Generated from schemas/upstream_file.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


NoneType = type(None)

def validate(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_any_of_count1 = 0
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['sha1']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['sha256']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data__missing_keys = set(['error']) - data.keys()
            if data__missing_keys:
                raise Invalid
    except Invalid: pass
    else:
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "sha1" in data_keys:
            data_keys.remove("sha1")
            data__sha1 = data["sha1"]
        if "sha256" in data_keys:
            data_keys.remove("sha256")
            data__sha256 = data["sha256"]
        if "md5" in data_keys:
            data_keys.remove("md5")
            data__md5 = data["md5"]
        if "globalPrevalence" in data_keys:
            data_keys.remove("globalPrevalence")
            data__globalPrevalence = data["globalPrevalence"]
        if "globalFirstObserved" in data_keys:
            data_keys.remove("globalFirstObserved")
            data__globalFirstObserved = data["globalFirstObserved"]
        if "globalLastObserved" in data_keys:
            data_keys.remove("globalLastObserved")
            data__globalLastObserved = data["globalLastObserved"]
        if "size" in data_keys:
            data_keys.remove("size")
            data__size = data["size"]
        if "fileType" in data_keys:
            data_keys.remove("fileType")
            data__fileType = data["fileType"]
        if "isPeFile" in data_keys:
            data_keys.remove("isPeFile")
            data__isPeFile = data["isPeFile"]
        if "filePublisher" in data_keys:
            data_keys.remove("filePublisher")
            data__filePublisher = data["filePublisher"]
        if "fileProductName" in data_keys:
            data_keys.remove("fileProductName")
            data__fileProductName = data["fileProductName"]
        if "signer" in data_keys:
            data_keys.remove("signer")
            data__signer = data["signer"]
        if "issuer" in data_keys:
            data_keys.remove("issuer")
            data__issuer = data["issuer"]
        if "signerHash" in data_keys:
            data_keys.remove("signerHash")
            data__signerHash = data["signerHash"]
        if "isValidCertificate" in data_keys:
            data_keys.remove("isValidCertificate")
            data__isValidCertificate = data["isValidCertificate"]
        if "determinationType" in data_keys:
            data_keys.remove("determinationType")
            data__determinationType = data["determinationType"]
        if "determinationValue" in data_keys:
            data_keys.remove("determinationValue")
            data__determinationValue = data["determinationValue"]
    return data


def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
