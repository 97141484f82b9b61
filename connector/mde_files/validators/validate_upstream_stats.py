# mypy: ignore-errors
"""Generated from schemas/upstream_stats.schema.json by ``python -m mde_files.validators.generate``."""

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
                data__missing_keys = set(['orgPrevalence']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['organizationPrevalence']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['orgFirstSeen']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['orgLastSeen']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['globalPrevalence']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['globallyPrevalence']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['globalFirstObserved']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['globalLastObserved']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['topFileNames']) - data.keys()
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
        if "orgPrevalence" in data_keys:
            data_keys.remove("orgPrevalence")
            data__orgPrevalence = data["orgPrevalence"]
        if "organizationPrevalence" in data_keys:
            data_keys.remove("organizationPrevalence")
            data__organizationPrevalence = data["organizationPrevalence"]
        if "orgFirstSeen" in data_keys:
            data_keys.remove("orgFirstSeen")
            data__orgFirstSeen = data["orgFirstSeen"]
        if "orgLastSeen" in data_keys:
            data_keys.remove("orgLastSeen")
            data__orgLastSeen = data["orgLastSeen"]
        if "globalPrevalence" in data_keys:
            data_keys.remove("globalPrevalence")
            data__globalPrevalence = data["globalPrevalence"]
        if "globallyPrevalence" in data_keys:
            data_keys.remove("globallyPrevalence")
            data__globallyPrevalence = data["globallyPrevalence"]
        if "globalFirstObserved" in data_keys:
            data_keys.remove("globalFirstObserved")
            data__globalFirstObserved = data["globalFirstObserved"]
        if "globalLastObserved" in data_keys:
            data_keys.remove("globalLastObserved")
            data__globalLastObserved = data["globalLastObserved"]
        if "topFileNames" in data_keys:
            data_keys.remove("topFileNames")
            data__topFileNames = data["topFileNames"]
    return data


def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
