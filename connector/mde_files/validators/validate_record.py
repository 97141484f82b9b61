# mypy: ignore-errors
"""Generated from schemas/record.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


REGEX_PATTERNS = Patterns({
    '^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$': '^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\\Z',
    '^[0-9a-f]{32}$': '^[0-9a-f]{32}\\Z',
    '[^a-z0-9_]': '[^a-z0-9_]',
    '^(file_info:)?/': '^(file_info:)?/',
    '^https://': '^https://',
    '\\n': '\\n',
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$': '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z\\Z',
    '^[0-9a-f]{64}$': '^[0-9a-f]{64}\\Z',
    '^[0-9a-f]{40}$': '^[0-9a-f]{40}\\Z',
})

NoneType = type(None)

def validate(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'seen_in_organization' or isinstance(data__outcome, str) and data__outcome == 'known_globally_only' or isinstance(data__outcome, str) and data__outcome == 'prevalence_unavailable'):
                    raise Invalid
    except Invalid:
        pass
    else:
        try:
            data_any_of_count1 = 0
            if not data_any_of_count1:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_alerts']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count1 += 1
                except Invalid: pass
            if not data_any_of_count1:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['error']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count1 += 1
                except Invalid: pass
            if not data_any_of_count1:
                raise Invalid
        except Invalid: pass
        else:
            raise Invalid
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data__missing_keys = set(['file_stats']) - data.keys()
            if data__missing_keys:
                raise Invalid
            data_keys = set(data.keys())
            if "action" in data_keys:
                data_keys.remove("action")
                data__action = data["action"]
                if not (isinstance(data__action, str) and data__action == 'file_stats'):
                    raise Invalid
            if "file" in data_keys:
                data_keys.remove("file")
                data__file = data["file"]
                data__file_is_dict = isinstance(data__file, dict)
                if data__file_is_dict:
                    data__file__missing_keys = set(['sha1']) - data__file.keys()
                    if data__file__missing_keys:
                        raise Invalid
            if "source" in data_keys:
                data_keys.remove("source")
                data__source = data["source"]
                data__source_is_dict = isinstance(data__source, dict)
                if data__source_is_dict:
                    data__source__missing_keys = set(['retrieved_at']) - data__source.keys()
                    if data__source__missing_keys:
                        raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'unknown_to_defender'):
                    raise Invalid
    except Invalid:
        pass
    else:
        try:
            data_any_of_count2 = 0
            if not data_any_of_count2:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_stats']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count2 += 1
                except Invalid: pass
            if not data_any_of_count2:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_alerts']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count2 += 1
                except Invalid: pass
            if not data_any_of_count2:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['error']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count2 += 1
                except Invalid: pass
            if not data_any_of_count2:
                raise Invalid
        except Invalid: pass
        else:
            raise Invalid
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "action" in data_keys:
                data_keys.remove("action")
                data__action = data["action"]
                if not (isinstance(data__action, str) and data__action == 'file_stats'):
                    raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'alerts_found' or isinstance(data__outcome, str) and data__outcome == 'no_alerts'):
                    raise Invalid
    except Invalid:
        pass
    else:
        try:
            data_any_of_count3 = 0
            if not data_any_of_count3:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_stats']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count3 += 1
                except Invalid: pass
            if not data_any_of_count3:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['error']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count3 += 1
                except Invalid: pass
            if not data_any_of_count3:
                raise Invalid
        except Invalid: pass
        else:
            raise Invalid
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data__missing_keys = set(['file_alerts']) - data.keys()
            if data__missing_keys:
                raise Invalid
            data_keys = set(data.keys())
            if "action" in data_keys:
                data_keys.remove("action")
                data__action = data["action"]
                if not (isinstance(data__action, str) and data__action == 'file_alerts'):
                    raise Invalid
            if "file" in data_keys:
                data_keys.remove("file")
                data__file = data["file"]
                data__file_is_dict = isinstance(data__file, dict)
                if data__file_is_dict:
                    data__file__missing_keys = set(['sha1']) - data__file.keys()
                    if data__file__missing_keys:
                        raise Invalid
            if "source" in data_keys:
                data_keys.remove("source")
                data__source = data["source"]
                data__source_is_dict = isinstance(data__source, dict)
                if data__source_is_dict:
                    data__source__missing_keys = set(['retrieved_at']) - data__source.keys()
                    if data__source__missing_keys:
                        raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'not_queried'):
                    raise Invalid
    except Invalid:
        pass
    else:
        try:
            data_any_of_count4 = 0
            if not data_any_of_count4:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_stats']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count4 += 1
                except Invalid: pass
            if not data_any_of_count4:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_alerts']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count4 += 1
                except Invalid: pass
            if not data_any_of_count4:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['error']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count4 += 1
                except Invalid: pass
            if not data_any_of_count4:
                raise Invalid
        except Invalid: pass
        else:
            raise Invalid
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "action" in data_keys:
                data_keys.remove("action")
                data__action = data["action"]
                if not (isinstance(data__action, str) and data__action == 'file_alerts'):
                    raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'deferred' or isinstance(data__outcome, str) and data__outcome == 'failed'):
                    raise Invalid
    except Invalid:
        pass
    else:
        try:
            data_any_of_count5 = 0
            if not data_any_of_count5:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_stats']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count5 += 1
                except Invalid: pass
            if not data_any_of_count5:
                try:
                    data_is_dict = isinstance(data, dict)
                    if data_is_dict:
                        data__missing_keys = set(['file_alerts']) - data.keys()
                        if data__missing_keys:
                            raise Invalid
                    data_any_of_count5 += 1
                except Invalid: pass
            if not data_any_of_count5:
                raise Invalid
        except Invalid: pass
        else:
            raise Invalid
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data__missing_keys = set(['error']) - data.keys()
            if data__missing_keys:
                raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'no_alerts'):
                    raise Invalid
    except Invalid:
        pass
    else:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "file_alerts" in data_keys:
                data_keys.remove("file_alerts")
                data__filealerts = data["file_alerts"]
                data__filealerts_is_dict = isinstance(data__filealerts, dict)
                if data__filealerts_is_dict:
                    data__filealerts__missing_keys = set(['total']) - data__filealerts.keys()
                    if data__filealerts__missing_keys:
                        raise Invalid
                    data__filealerts_keys = set(data__filealerts.keys())
                    if "total" in data__filealerts_keys:
                        data__filealerts_keys.remove("total")
                        data__filealerts__total = data__filealerts["total"]
                        if not (isinstance(data__filealerts__total, (int, float)) and not isinstance(data__filealerts__total, bool) and data__filealerts__total == 0):
                            raise Invalid
                    if "truncated" in data__filealerts_keys:
                        data__filealerts_keys.remove("truncated")
                        data__filealerts__truncated = data__filealerts["truncated"]
                        if not (isinstance(data__filealerts__truncated, bool) and data__filealerts__truncated is False):
                            raise Invalid
                    if "alerts" in data__filealerts_keys:
                        data__filealerts_keys.remove("alerts")
                        data__filealerts__alerts = data__filealerts["alerts"]
                        data__filealerts__alerts_is_list = isinstance(data__filealerts__alerts, (list, tuple))
                        if data__filealerts__alerts_is_list:
                            data__filealerts__alerts_len = len(data__filealerts__alerts)
                            if data__filealerts__alerts_len > 0:
                                raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'alerts_found'):
                    raise Invalid
    except Invalid:
        pass
    else:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "file_alerts" in data_keys:
                data_keys.remove("file_alerts")
                data__filealerts = data["file_alerts"]
                data__filealerts_is_dict = isinstance(data__filealerts, dict)
                if data__filealerts_is_dict:
                    data__filealerts_keys = set(data__filealerts.keys())
                    if "total" in data__filealerts_keys:
                        data__filealerts_keys.remove("total")
                        data__filealerts__total = data__filealerts["total"]
                        if isinstance(data__filealerts__total, (int, float)) and not isinstance(data__filealerts__total, bool):
                            if data__filealerts__total < 1:
                                raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'known_globally_only'):
                    raise Invalid
    except Invalid:
        pass
    else:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "file_stats" in data_keys:
                data_keys.remove("file_stats")
                data__filestats = data["file_stats"]
                data__filestats_is_dict = isinstance(data__filestats, dict)
                if data__filestats_is_dict:
                    data__filestats__missing_keys = set(['organization_prevalence']) - data__filestats.keys()
                    if data__filestats__missing_keys:
                        raise Invalid
                    data__filestats_keys = set(data__filestats.keys())
                    if "organization_prevalence" in data__filestats_keys:
                        data__filestats_keys.remove("organization_prevalence")
                        data__filestats__organizationprevalence = data__filestats["organization_prevalence"]
                        if not (isinstance(data__filestats__organizationprevalence, (int, float)) and not isinstance(data__filestats__organizationprevalence, bool) and data__filestats__organizationprevalence == 0):
                            raise Invalid
    try:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "outcome" in data_keys:
                data_keys.remove("outcome")
                data__outcome = data["outcome"]
                if not (isinstance(data__outcome, str) and data__outcome == 'prevalence_unavailable'):
                    raise Invalid
    except Invalid:
        pass
    else:
        data_is_dict = isinstance(data, dict)
        if data_is_dict:
            data_keys = set(data.keys())
            if "file_stats" in data_keys:
                data_keys.remove("file_stats")
                data__filestats = data["file_stats"]
                try:
                    data__filestats_any_of_count6 = 0
                    if not data__filestats_any_of_count6:
                        try:
                            data__filestats_is_dict = isinstance(data__filestats, dict)
                            if data__filestats_is_dict:
                                data__filestats__missing_keys = set(['organization_prevalence']) - data__filestats.keys()
                                if data__filestats__missing_keys:
                                    raise Invalid
                            data__filestats_any_of_count6 += 1
                        except Invalid: pass
                    if not data__filestats_any_of_count6:
                        try:
                            data__filestats_is_dict = isinstance(data__filestats, dict)
                            if data__filestats_is_dict:
                                data__filestats__missing_keys = set(['organization_first_seen']) - data__filestats.keys()
                                if data__filestats__missing_keys:
                                    raise Invalid
                            data__filestats_any_of_count6 += 1
                        except Invalid: pass
                    if not data__filestats_any_of_count6:
                        try:
                            data__filestats_is_dict = isinstance(data__filestats, dict)
                            if data__filestats_is_dict:
                                data__filestats__missing_keys = set(['organization_last_seen']) - data__filestats.keys()
                                if data__filestats__missing_keys:
                                    raise Invalid
                            data__filestats_any_of_count6 += 1
                        except Invalid: pass
                    if not data__filestats_any_of_count6:
                        raise Invalid
                except Invalid: pass
                else:
                    raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['schema_version', 'record_id', 'content_digest', 'action', 'outcome', 'summary', 'file', 'caveats', 'source']) - data.keys()
        if data__missing_keys:
            raise Invalid
        data_keys = set(data.keys())
        if "schema_version" in data_keys:
            data_keys.remove("schema_version")
            data__schemaversion = data["schema_version"]
            if not (isinstance(data__schemaversion, str) and data__schemaversion == '1.0'):
                raise Invalid
        if "record_id" in data_keys:
            data_keys.remove("record_id")
            data__recordid = data["record_id"]
            if not isinstance(data__recordid, (str)):
                raise Invalid
            if isinstance(data__recordid, str):
                data__recordid_len = len(data__recordid)
                if data__recordid_len < 36:
                    raise Invalid
                if data__recordid_len > 36:
                    raise Invalid
                if not REGEX_PATTERNS['^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'].search(data__recordid):
                    raise Invalid
        if "content_digest" in data_keys:
            data_keys.remove("content_digest")
            data__contentdigest = data["content_digest"]
            if not isinstance(data__contentdigest, (str)):
                raise Invalid
            if isinstance(data__contentdigest, str):
                data__contentdigest_len = len(data__contentdigest)
                if data__contentdigest_len < 32:
                    raise Invalid
                if data__contentdigest_len > 32:
                    raise Invalid
                if not REGEX_PATTERNS['^[0-9a-f]{32}$'].search(data__contentdigest):
                    raise Invalid
        if "action" in data_keys:
            data_keys.remove("action")
            data__action = data["action"]
            if not (isinstance(data__action, str) and data__action == 'file_stats' or isinstance(data__action, str) and data__action == 'file_alerts'):
                raise Invalid
        if "outcome" in data_keys:
            data_keys.remove("outcome")
            data__outcome = data["outcome"]
            if not (isinstance(data__outcome, str) and data__outcome == 'seen_in_organization' or isinstance(data__outcome, str) and data__outcome == 'known_globally_only' or isinstance(data__outcome, str) and data__outcome == 'prevalence_unavailable' or isinstance(data__outcome, str) and data__outcome == 'unknown_to_defender' or isinstance(data__outcome, str) and data__outcome == 'alerts_found' or isinstance(data__outcome, str) and data__outcome == 'no_alerts' or isinstance(data__outcome, str) and data__outcome == 'not_queried' or isinstance(data__outcome, str) and data__outcome == 'deferred' or isinstance(data__outcome, str) and data__outcome == 'failed'):
                raise Invalid
        if "summary" in data_keys:
            data_keys.remove("summary")
            data__summary = data["summary"]
            if not isinstance(data__summary, (str)):
                raise Invalid
            if isinstance(data__summary, str):
                data__summary_len = len(data__summary)
                if data__summary_len < 1:
                    raise Invalid
                if data__summary_len > 2000:
                    raise Invalid
        if "file" in data_keys:
            data_keys.remove("file")
            data__file = data["file"]
            if not isinstance(data__file, (dict)):
                raise Invalid
            data__file_is_dict = isinstance(data__file, dict)
            if data__file_is_dict:
                data__file__missing_keys = set(['queried', 'queried_type']) - data__file.keys()
                if data__file__missing_keys:
                    raise Invalid
                data__file_keys = set(data__file.keys())
                if "sha1" in data__file_keys:
                    data__file_keys.remove("sha1")
                    data__file__sha1 = data__file["sha1"]
                    validate____defs_sha1(data__file__sha1, custom_formats, (name_prefix or "data") + ".file.sha1")
                if "sha256" in data__file_keys:
                    data__file_keys.remove("sha256")
                    data__file__sha256 = data__file["sha256"]
                    validate____defs_sha256(data__file__sha256, custom_formats, (name_prefix or "data") + ".file.sha256")
                if "md5" in data__file_keys:
                    data__file_keys.remove("md5")
                    data__file__md5 = data__file["md5"]
                    validate____defs_md5(data__file__md5, custom_formats, (name_prefix or "data") + ".file.md5")
                if "queried" in data__file_keys:
                    data__file_keys.remove("queried")
                    data__file__queried = data__file["queried"]
                    if not isinstance(data__file__queried, (str)):
                        raise Invalid
                    if isinstance(data__file__queried, str):
                        data__file__queried_len = len(data__file__queried)
                        if data__file__queried_len > 256:
                            raise Invalid
                if "queried_type" in data__file_keys:
                    data__file_keys.remove("queried_type")
                    data__file__queriedtype = data__file["queried_type"]
                    if not (isinstance(data__file__queriedtype, str) and data__file__queriedtype == 'sha1' or isinstance(data__file__queriedtype, str) and data__file__queriedtype == 'sha256' or isinstance(data__file__queriedtype, str) and data__file__queriedtype == 'md5' or isinstance(data__file__queriedtype, str) and data__file__queriedtype == 'unknown'):
                        raise Invalid
                if "size" in data__file_keys:
                    data__file_keys.remove("size")
                    data__file__size = data__file["size"]
                    if not isinstance(data__file__size, (int)) and not (isinstance(data__file__size, float) and data__file__size.is_integer()) or isinstance(data__file__size, bool):
                        raise Invalid
                    if isinstance(data__file__size, (int, float)) and not isinstance(data__file__size, bool):
                        if data__file__size < 0:
                            raise Invalid
                if "file_type" in data__file_keys:
                    data__file_keys.remove("file_type")
                    data__file__filetype = data__file["file_type"]
                    if not isinstance(data__file__filetype, (str)):
                        raise Invalid
                if "is_pe_file" in data__file_keys:
                    data__file_keys.remove("is_pe_file")
                    data__file__ispefile = data__file["is_pe_file"]
                    if not isinstance(data__file__ispefile, (bool)):
                        raise Invalid
                if "file_publisher" in data__file_keys:
                    data__file_keys.remove("file_publisher")
                    data__file__filepublisher = data__file["file_publisher"]
                    if not isinstance(data__file__filepublisher, (str)):
                        raise Invalid
                if "product_name" in data__file_keys:
                    data__file_keys.remove("product_name")
                    data__file__productname = data__file["product_name"]
                    if not isinstance(data__file__productname, (str)):
                        raise Invalid
                if "signer" in data__file_keys:
                    data__file_keys.remove("signer")
                    data__file__signer = data__file["signer"]
                    if not isinstance(data__file__signer, (str)):
                        raise Invalid
                if "issuer" in data__file_keys:
                    data__file_keys.remove("issuer")
                    data__file__issuer = data__file["issuer"]
                    if not isinstance(data__file__issuer, (str)):
                        raise Invalid
                if "signer_hash" in data__file_keys:
                    data__file_keys.remove("signer_hash")
                    data__file__signerhash = data__file["signer_hash"]
                    if not isinstance(data__file__signerhash, (str)):
                        raise Invalid
                if "is_valid_certificate" in data__file_keys:
                    data__file_keys.remove("is_valid_certificate")
                    data__file__isvalidcertificate = data__file["is_valid_certificate"]
                    if not isinstance(data__file__isvalidcertificate, (bool)):
                        raise Invalid
                if "determination_type" in data__file_keys:
                    data__file_keys.remove("determination_type")
                    data__file__determinationtype = data__file["determination_type"]
                    if not isinstance(data__file__determinationtype, (str)):
                        raise Invalid
                if "determination_value" in data__file_keys:
                    data__file_keys.remove("determination_value")
                    data__file__determinationvalue = data__file["determination_value"]
                    if not isinstance(data__file__determinationvalue, (str)):
                        raise Invalid
                if "global_prevalence" in data__file_keys:
                    data__file_keys.remove("global_prevalence")
                    data__file__globalprevalence = data__file["global_prevalence"]
                    if not isinstance(data__file__globalprevalence, (int)) and not (isinstance(data__file__globalprevalence, float) and data__file__globalprevalence.is_integer()) or isinstance(data__file__globalprevalence, bool):
                        raise Invalid
                    if isinstance(data__file__globalprevalence, (int, float)) and not isinstance(data__file__globalprevalence, bool):
                        if data__file__globalprevalence < 0:
                            raise Invalid
                if "global_first_observed" in data__file_keys:
                    data__file_keys.remove("global_first_observed")
                    data__file__globalfirstobserved = data__file["global_first_observed"]
                    validate____defs_timestamp(data__file__globalfirstobserved, custom_formats, (name_prefix or "data") + ".file.global_first_observed")
                if "global_last_observed" in data__file_keys:
                    data__file_keys.remove("global_last_observed")
                    data__file__globallastobserved = data__file["global_last_observed"]
                    validate____defs_timestamp(data__file__globallastobserved, custom_formats, (name_prefix or "data") + ".file.global_last_observed")
                if data__file_keys:
                    raise Invalid
        if "file_stats" in data_keys:
            data_keys.remove("file_stats")
            data__filestats = data["file_stats"]
            validate____defs_file_stats(data__filestats, custom_formats, (name_prefix or "data") + ".file_stats")
        if "file_alerts" in data_keys:
            data_keys.remove("file_alerts")
            data__filealerts = data["file_alerts"]
            validate____defs_file_alerts(data__filealerts, custom_formats, (name_prefix or "data") + ".file_alerts")
        if "caveats" in data_keys:
            data_keys.remove("caveats")
            data__caveats = data["caveats"]
            if not isinstance(data__caveats, (list, tuple)):
                raise Invalid
            data__caveats_is_list = isinstance(data__caveats, (list, tuple))
            if data__caveats_is_list:
                data__caveats_len = len(data__caveats)
                for data__caveats_x, data__caveats_item in enumerate(data__caveats):
                    if not isinstance(data__caveats_item, (dict)):
                        raise Invalid
                    data__caveats_item_is_dict = isinstance(data__caveats_item, dict)
                    if data__caveats_item_is_dict:
                        data__caveats_item__missing_keys = set(['code', 'message']) - data__caveats_item.keys()
                        if data__caveats_item__missing_keys:
                            raise Invalid
                        data__caveats_item_keys = set(data__caveats_item.keys())
                        if "code" in data__caveats_item_keys:
                            data__caveats_item_keys.remove("code")
                            data__caveats_item__code = data__caveats_item["code"]
                            if not isinstance(data__caveats_item__code, (str)):
                                raise Invalid
                            try:
                                if isinstance(data__caveats_item__code, str):
                                    if not REGEX_PATTERNS['[^a-z0-9_]'].search(data__caveats_item__code):
                                        raise Invalid
                            except Invalid: pass
                            else:
                                raise Invalid
                            if isinstance(data__caveats_item__code, str):
                                data__caveats_item__code_len = len(data__caveats_item__code)
                                if data__caveats_item__code_len < 1:
                                    raise Invalid
                                if data__caveats_item__code_len > 64:
                                    raise Invalid
                        if "message" in data__caveats_item_keys:
                            data__caveats_item_keys.remove("message")
                            data__caveats_item__message = data__caveats_item["message"]
                            if not isinstance(data__caveats_item__message, (str)):
                                raise Invalid
                            if isinstance(data__caveats_item__message, str):
                                data__caveats_item__message_len = len(data__caveats_item__message)
                                if data__caveats_item__message_len < 1:
                                    raise Invalid
                        if data__caveats_item_keys:
                            raise Invalid
        if "unmapped" in data_keys:
            data_keys.remove("unmapped")
            data__unmapped = data["unmapped"]
            if not isinstance(data__unmapped, (list, tuple)):
                raise Invalid
            data__unmapped_is_list = isinstance(data__unmapped, (list, tuple))
            if data__unmapped_is_list:
                data__unmapped_len = len(data__unmapped)
                if data__unmapped_len < 1:
                    raise Invalid
                for data__unmapped_x, data__unmapped_item in enumerate(data__unmapped):
                    if not isinstance(data__unmapped_item, (dict)):
                        raise Invalid
                    data__unmapped_item_is_dict = isinstance(data__unmapped_item, dict)
                    if data__unmapped_item_is_dict:
                        data__unmapped_item__missing_keys = set(['path', 'json']) - data__unmapped_item.keys()
                        if data__unmapped_item__missing_keys:
                            raise Invalid
                        data__unmapped_item_keys = set(data__unmapped_item.keys())
                        if "path" in data__unmapped_item_keys:
                            data__unmapped_item_keys.remove("path")
                            data__unmapped_item__path = data__unmapped_item["path"]
                            if not isinstance(data__unmapped_item__path, (str)):
                                raise Invalid
                            if isinstance(data__unmapped_item__path, str):
                                data__unmapped_item__path_len = len(data__unmapped_item__path)
                                if data__unmapped_item__path_len < 1:
                                    raise Invalid
                                if not REGEX_PATTERNS['^(file_info:)?/'].search(data__unmapped_item__path):
                                    raise Invalid
                        if "json" in data__unmapped_item_keys:
                            data__unmapped_item_keys.remove("json")
                            data__unmapped_item__json = data__unmapped_item["json"]
                            if not isinstance(data__unmapped_item__json, (str)):
                                raise Invalid
                            if isinstance(data__unmapped_item__json, str):
                                data__unmapped_item__json_len = len(data__unmapped_item__json)
                                if data__unmapped_item__json_len < 1:
                                    raise Invalid
                        if data__unmapped_item_keys:
                            raise Invalid
        if "error" in data_keys:
            data_keys.remove("error")
            data__error = data["error"]
            if not isinstance(data__error, (dict)):
                raise Invalid
            data__error_is_dict = isinstance(data__error, dict)
            if data__error_is_dict:
                data__error__missing_keys = set(['code', 'message', 'hint', 'retryable']) - data__error.keys()
                if data__error__missing_keys:
                    raise Invalid
                data__error_keys = set(data__error.keys())
                if "code" in data__error_keys:
                    data__error_keys.remove("code")
                    data__error__code = data__error["code"]
                    if not isinstance(data__error__code, (str)):
                        raise Invalid
                    try:
                        if isinstance(data__error__code, str):
                            if not REGEX_PATTERNS['[^a-z0-9_]'].search(data__error__code):
                                raise Invalid
                    except Invalid: pass
                    else:
                        raise Invalid
                    if isinstance(data__error__code, str):
                        data__error__code_len = len(data__error__code)
                        if data__error__code_len < 1:
                            raise Invalid
                        if data__error__code_len > 64:
                            raise Invalid
                if "message" in data__error_keys:
                    data__error_keys.remove("message")
                    data__error__message = data__error["message"]
                    if not isinstance(data__error__message, (str)):
                        raise Invalid
                if "hint" in data__error_keys:
                    data__error_keys.remove("hint")
                    data__error__hint = data__error["hint"]
                    if not isinstance(data__error__hint, (str)):
                        raise Invalid
                if "retryable" in data__error_keys:
                    data__error_keys.remove("retryable")
                    data__error__retryable = data__error["retryable"]
                    if not isinstance(data__error__retryable, (bool)):
                        raise Invalid
                if "retry_at" in data__error_keys:
                    data__error_keys.remove("retry_at")
                    data__error__retryat = data__error["retry_at"]
                    validate____defs_timestamp(data__error__retryat, custom_formats, (name_prefix or "data") + ".error.retry_at")
                if "http_status" in data__error_keys:
                    data__error_keys.remove("http_status")
                    data__error__httpstatus = data__error["http_status"]
                    if not isinstance(data__error__httpstatus, (int)) and not (isinstance(data__error__httpstatus, float) and data__error__httpstatus.is_integer()) or isinstance(data__error__httpstatus, bool):
                        raise Invalid
                    if isinstance(data__error__httpstatus, (int, float)) and not isinstance(data__error__httpstatus, bool):
                        if data__error__httpstatus < 100:
                            raise Invalid
                        if data__error__httpstatus > 999:
                            raise Invalid
                if "correlation_id" in data__error_keys:
                    data__error_keys.remove("correlation_id")
                    data__error__correlationid = data__error["correlation_id"]
                    if not isinstance(data__error__correlationid, (str)):
                        raise Invalid
                if data__error_keys:
                    raise Invalid
        if "source" in data_keys:
            data_keys.remove("source")
            data__source = data["source"]
            if not isinstance(data__source, (dict)):
                raise Invalid
            data__source_is_dict = isinstance(data__source, dict)
            if data__source_is_dict:
                data__source__missing_keys = set(['vendor', 'product', 'cloud', 'host', 'tenant_id', 'endpoint', 'from_cache', 'age_seconds']) - data__source.keys()
                if data__source__missing_keys:
                    raise Invalid
                data__source_keys = set(data__source.keys())
                if "vendor" in data__source_keys:
                    data__source_keys.remove("vendor")
                    data__source__vendor = data__source["vendor"]
                    if not (isinstance(data__source__vendor, str) and data__source__vendor == 'Microsoft'):
                        raise Invalid
                if "product" in data__source_keys:
                    data__source_keys.remove("product")
                    data__source__product = data__source["product"]
                    if not (isinstance(data__source__product, str) and data__source__product == 'Defender for Endpoint'):
                        raise Invalid
                if "cloud" in data__source_keys:
                    data__source_keys.remove("cloud")
                    data__source__cloud = data__source["cloud"]
                    if not isinstance(data__source__cloud, (str)):
                        raise Invalid
                if "host" in data__source_keys:
                    data__source_keys.remove("host")
                    data__source__host = data__source["host"]
                    if not isinstance(data__source__host, (str)):
                        raise Invalid
                if "tenant_id" in data__source_keys:
                    data__source_keys.remove("tenant_id")
                    data__source__tenantid = data__source["tenant_id"]
                    if not isinstance(data__source__tenantid, (str)):
                        raise Invalid
                if "endpoint" in data__source_keys:
                    data__source_keys.remove("endpoint")
                    data__source__endpoint = data__source["endpoint"]
                    if not isinstance(data__source__endpoint, (str)):
                        raise Invalid
                if "retrieved_at" in data__source_keys:
                    data__source_keys.remove("retrieved_at")
                    data__source__retrievedat = data__source["retrieved_at"]
                    validate____defs_timestamp(data__source__retrievedat, custom_formats, (name_prefix or "data") + ".source.retrieved_at")
                if "from_cache" in data__source_keys:
                    data__source_keys.remove("from_cache")
                    data__source__fromcache = data__source["from_cache"]
                    if not isinstance(data__source__fromcache, (bool)):
                        raise Invalid
                if "age_seconds" in data__source_keys:
                    data__source_keys.remove("age_seconds")
                    data__source__ageseconds = data__source["age_seconds"]
                    if not isinstance(data__source__ageseconds, (int)) and not (isinstance(data__source__ageseconds, float) and data__source__ageseconds.is_integer()) or isinstance(data__source__ageseconds, bool):
                        raise Invalid
                    if isinstance(data__source__ageseconds, (int, float)) and not isinstance(data__source__ageseconds, bool):
                        if data__source__ageseconds < 0:
                            raise Invalid
                if data__source_keys:
                    raise Invalid
        if "portal_url" in data_keys:
            data_keys.remove("portal_url")
            data__portalurl = data["portal_url"]
            if not isinstance(data__portalurl, (str)):
                raise Invalid
            if isinstance(data__portalurl, str):
                data__portalurl_len = len(data__portalurl)
                if data__portalurl_len < 9:
                    raise Invalid
                if not REGEX_PATTERNS['^https://'].search(data__portalurl):
                    raise Invalid
        if data_keys:
            raise Invalid
    return data

def validate____defs_file_alerts(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['returned', 'truncated', 'by_severity', 'by_status', 'devices', 'mitre_techniques', 'incident_ids', 'alerts']) - data.keys()
        if data__missing_keys:
            raise Invalid
        data_keys = set(data.keys())
        if "total" in data_keys:
            data_keys.remove("total")
            data__total = data["total"]
            if not isinstance(data__total, (int)) and not (isinstance(data__total, float) and data__total.is_integer()) or isinstance(data__total, bool):
                raise Invalid
            if isinstance(data__total, (int, float)) and not isinstance(data__total, bool):
                if data__total < 0:
                    raise Invalid
        if "returned" in data_keys:
            data_keys.remove("returned")
            data__returned = data["returned"]
            if not isinstance(data__returned, (int)) and not (isinstance(data__returned, float) and data__returned.is_integer()) or isinstance(data__returned, bool):
                raise Invalid
            if isinstance(data__returned, (int, float)) and not isinstance(data__returned, bool):
                if data__returned < 0:
                    raise Invalid
        if "truncated" in data_keys:
            data_keys.remove("truncated")
            data__truncated = data["truncated"]
            if not isinstance(data__truncated, (bool)):
                raise Invalid
        if "by_severity" in data_keys:
            data_keys.remove("by_severity")
            data__byseverity = data["by_severity"]
            if not isinstance(data__byseverity, (dict)):
                raise Invalid
            data__byseverity_is_dict = isinstance(data__byseverity, dict)
            if data__byseverity_is_dict:
                data__byseverity__missing_keys = set(['unspecified', 'informational', 'low', 'medium', 'high', 'other']) - data__byseverity.keys()
                if data__byseverity__missing_keys:
                    raise Invalid
                data__byseverity_keys = set(data__byseverity.keys())
                if "unspecified" in data__byseverity_keys:
                    data__byseverity_keys.remove("unspecified")
                    data__byseverity__unspecified = data__byseverity["unspecified"]
                    if not isinstance(data__byseverity__unspecified, (int)) and not (isinstance(data__byseverity__unspecified, float) and data__byseverity__unspecified.is_integer()) or isinstance(data__byseverity__unspecified, bool):
                        raise Invalid
                    if isinstance(data__byseverity__unspecified, (int, float)) and not isinstance(data__byseverity__unspecified, bool):
                        if data__byseverity__unspecified < 0:
                            raise Invalid
                if "informational" in data__byseverity_keys:
                    data__byseverity_keys.remove("informational")
                    data__byseverity__informational = data__byseverity["informational"]
                    if not isinstance(data__byseverity__informational, (int)) and not (isinstance(data__byseverity__informational, float) and data__byseverity__informational.is_integer()) or isinstance(data__byseverity__informational, bool):
                        raise Invalid
                    if isinstance(data__byseverity__informational, (int, float)) and not isinstance(data__byseverity__informational, bool):
                        if data__byseverity__informational < 0:
                            raise Invalid
                if "low" in data__byseverity_keys:
                    data__byseverity_keys.remove("low")
                    data__byseverity__low = data__byseverity["low"]
                    if not isinstance(data__byseverity__low, (int)) and not (isinstance(data__byseverity__low, float) and data__byseverity__low.is_integer()) or isinstance(data__byseverity__low, bool):
                        raise Invalid
                    if isinstance(data__byseverity__low, (int, float)) and not isinstance(data__byseverity__low, bool):
                        if data__byseverity__low < 0:
                            raise Invalid
                if "medium" in data__byseverity_keys:
                    data__byseverity_keys.remove("medium")
                    data__byseverity__medium = data__byseverity["medium"]
                    if not isinstance(data__byseverity__medium, (int)) and not (isinstance(data__byseverity__medium, float) and data__byseverity__medium.is_integer()) or isinstance(data__byseverity__medium, bool):
                        raise Invalid
                    if isinstance(data__byseverity__medium, (int, float)) and not isinstance(data__byseverity__medium, bool):
                        if data__byseverity__medium < 0:
                            raise Invalid
                if "high" in data__byseverity_keys:
                    data__byseverity_keys.remove("high")
                    data__byseverity__high = data__byseverity["high"]
                    if not isinstance(data__byseverity__high, (int)) and not (isinstance(data__byseverity__high, float) and data__byseverity__high.is_integer()) or isinstance(data__byseverity__high, bool):
                        raise Invalid
                    if isinstance(data__byseverity__high, (int, float)) and not isinstance(data__byseverity__high, bool):
                        if data__byseverity__high < 0:
                            raise Invalid
                if "other" in data__byseverity_keys:
                    data__byseverity_keys.remove("other")
                    data__byseverity__other = data__byseverity["other"]
                    if not isinstance(data__byseverity__other, (int)) and not (isinstance(data__byseverity__other, float) and data__byseverity__other.is_integer()) or isinstance(data__byseverity__other, bool):
                        raise Invalid
                    if isinstance(data__byseverity__other, (int, float)) and not isinstance(data__byseverity__other, bool):
                        if data__byseverity__other < 0:
                            raise Invalid
                if data__byseverity_keys:
                    raise Invalid
        if "by_status" in data_keys:
            data_keys.remove("by_status")
            data__bystatus = data["by_status"]
            if not isinstance(data__bystatus, (dict)):
                raise Invalid
            data__bystatus_is_dict = isinstance(data__bystatus, dict)
            if data__bystatus_is_dict:
                data__bystatus__missing_keys = set(['unknown', 'unspecified', 'new', 'in_progress', 'resolved', 'hidden', 'other']) - data__bystatus.keys()
                if data__bystatus__missing_keys:
                    raise Invalid
                data__bystatus_keys = set(data__bystatus.keys())
                if "unknown" in data__bystatus_keys:
                    data__bystatus_keys.remove("unknown")
                    data__bystatus__unknown = data__bystatus["unknown"]
                    if not isinstance(data__bystatus__unknown, (int)) and not (isinstance(data__bystatus__unknown, float) and data__bystatus__unknown.is_integer()) or isinstance(data__bystatus__unknown, bool):
                        raise Invalid
                    if isinstance(data__bystatus__unknown, (int, float)) and not isinstance(data__bystatus__unknown, bool):
                        if data__bystatus__unknown < 0:
                            raise Invalid
                if "unspecified" in data__bystatus_keys:
                    data__bystatus_keys.remove("unspecified")
                    data__bystatus__unspecified = data__bystatus["unspecified"]
                    if not isinstance(data__bystatus__unspecified, (int)) and not (isinstance(data__bystatus__unspecified, float) and data__bystatus__unspecified.is_integer()) or isinstance(data__bystatus__unspecified, bool):
                        raise Invalid
                    if isinstance(data__bystatus__unspecified, (int, float)) and not isinstance(data__bystatus__unspecified, bool):
                        if data__bystatus__unspecified < 0:
                            raise Invalid
                if "new" in data__bystatus_keys:
                    data__bystatus_keys.remove("new")
                    data__bystatus__new = data__bystatus["new"]
                    if not isinstance(data__bystatus__new, (int)) and not (isinstance(data__bystatus__new, float) and data__bystatus__new.is_integer()) or isinstance(data__bystatus__new, bool):
                        raise Invalid
                    if isinstance(data__bystatus__new, (int, float)) and not isinstance(data__bystatus__new, bool):
                        if data__bystatus__new < 0:
                            raise Invalid
                if "in_progress" in data__bystatus_keys:
                    data__bystatus_keys.remove("in_progress")
                    data__bystatus__inprogress = data__bystatus["in_progress"]
                    if not isinstance(data__bystatus__inprogress, (int)) and not (isinstance(data__bystatus__inprogress, float) and data__bystatus__inprogress.is_integer()) or isinstance(data__bystatus__inprogress, bool):
                        raise Invalid
                    if isinstance(data__bystatus__inprogress, (int, float)) and not isinstance(data__bystatus__inprogress, bool):
                        if data__bystatus__inprogress < 0:
                            raise Invalid
                if "resolved" in data__bystatus_keys:
                    data__bystatus_keys.remove("resolved")
                    data__bystatus__resolved = data__bystatus["resolved"]
                    if not isinstance(data__bystatus__resolved, (int)) and not (isinstance(data__bystatus__resolved, float) and data__bystatus__resolved.is_integer()) or isinstance(data__bystatus__resolved, bool):
                        raise Invalid
                    if isinstance(data__bystatus__resolved, (int, float)) and not isinstance(data__bystatus__resolved, bool):
                        if data__bystatus__resolved < 0:
                            raise Invalid
                if "hidden" in data__bystatus_keys:
                    data__bystatus_keys.remove("hidden")
                    data__bystatus__hidden = data__bystatus["hidden"]
                    if not isinstance(data__bystatus__hidden, (int)) and not (isinstance(data__bystatus__hidden, float) and data__bystatus__hidden.is_integer()) or isinstance(data__bystatus__hidden, bool):
                        raise Invalid
                    if isinstance(data__bystatus__hidden, (int, float)) and not isinstance(data__bystatus__hidden, bool):
                        if data__bystatus__hidden < 0:
                            raise Invalid
                if "other" in data__bystatus_keys:
                    data__bystatus_keys.remove("other")
                    data__bystatus__other = data__bystatus["other"]
                    if not isinstance(data__bystatus__other, (int)) and not (isinstance(data__bystatus__other, float) and data__bystatus__other.is_integer()) or isinstance(data__bystatus__other, bool):
                        raise Invalid
                    if isinstance(data__bystatus__other, (int, float)) and not isinstance(data__bystatus__other, bool):
                        if data__bystatus__other < 0:
                            raise Invalid
                if data__bystatus_keys:
                    raise Invalid
        if "first_activity" in data_keys:
            data_keys.remove("first_activity")
            data__firstactivity = data["first_activity"]
            validate____defs_timestamp(data__firstactivity, custom_formats, (name_prefix or "data") + ".first_activity")
        if "last_activity" in data_keys:
            data_keys.remove("last_activity")
            data__lastactivity = data["last_activity"]
            validate____defs_timestamp(data__lastactivity, custom_formats, (name_prefix or "data") + ".last_activity")
        if "devices" in data_keys:
            data_keys.remove("devices")
            data__devices = data["devices"]
            if not isinstance(data__devices, (list, tuple)):
                raise Invalid
            data__devices_is_list = isinstance(data__devices, (list, tuple))
            if data__devices_is_list:
                data__devices_len = len(data__devices)
                for data__devices_x, data__devices_item in enumerate(data__devices):
                    if not isinstance(data__devices_item, (dict)):
                        raise Invalid
                    data__devices_item_is_dict = isinstance(data__devices_item, dict)
                    if data__devices_item_is_dict:
                        data__devices_item_len = len(data__devices_item)
                        if data__devices_item_len < 1:
                            raise Invalid
                        data__devices_item_keys = set(data__devices_item.keys())
                        if "machine_id" in data__devices_item_keys:
                            data__devices_item_keys.remove("machine_id")
                            data__devices_item__machineid = data__devices_item["machine_id"]
                            if not isinstance(data__devices_item__machineid, (str)):
                                raise Invalid
                            if isinstance(data__devices_item__machineid, str):
                                data__devices_item__machineid_len = len(data__devices_item__machineid)
                                if data__devices_item__machineid_len < 1:
                                    raise Invalid
                        if "name" in data__devices_item_keys:
                            data__devices_item_keys.remove("name")
                            data__devices_item__name = data__devices_item["name"]
                            if not isinstance(data__devices_item__name, (str)):
                                raise Invalid
                            if isinstance(data__devices_item__name, str):
                                data__devices_item__name_len = len(data__devices_item__name)
                                if data__devices_item__name_len < 1:
                                    raise Invalid
                        if data__devices_item_keys:
                            raise Invalid
        if "mitre_techniques" in data_keys:
            data_keys.remove("mitre_techniques")
            data__mitretechniques = data["mitre_techniques"]
            if not isinstance(data__mitretechniques, (list, tuple)):
                raise Invalid
            data__mitretechniques_is_list = isinstance(data__mitretechniques, (list, tuple))
            if data__mitretechniques_is_list:
                data__mitretechniques_len = len(data__mitretechniques)
                for data__mitretechniques_x, data__mitretechniques_item in enumerate(data__mitretechniques):
                    if not isinstance(data__mitretechniques_item, (str)):
                        raise Invalid
                    if isinstance(data__mitretechniques_item, str):
                        data__mitretechniques_item_len = len(data__mitretechniques_item)
                        if data__mitretechniques_item_len < 1:
                            raise Invalid
        if "incident_ids" in data_keys:
            data_keys.remove("incident_ids")
            data__incidentids = data["incident_ids"]
            if not isinstance(data__incidentids, (list, tuple)):
                raise Invalid
            data__incidentids_is_list = isinstance(data__incidentids, (list, tuple))
            if data__incidentids_is_list:
                data__incidentids_len = len(data__incidentids)
                for data__incidentids_x, data__incidentids_item in enumerate(data__incidentids):
                    if not isinstance(data__incidentids_item, (int)) and not (isinstance(data__incidentids_item, float) and data__incidentids_item.is_integer()) or isinstance(data__incidentids_item, bool):
                        raise Invalid
        if "alerts" in data_keys:
            data_keys.remove("alerts")
            data__alerts = data["alerts"]
            if not isinstance(data__alerts, (list, tuple)):
                raise Invalid
            data__alerts_is_list = isinstance(data__alerts, (list, tuple))
            if data__alerts_is_list:
                data__alerts_len = len(data__alerts)
                for data__alerts_x, data__alerts_item in enumerate(data__alerts):
                    validate____defs_alert(data__alerts_item, custom_formats, (name_prefix or "data") + ".alerts[{data__alerts_x}]".format(**locals()))
        if data_keys:
            raise Invalid
    return data

def validate____defs_alert(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "id" in data_keys:
            data_keys.remove("id")
            data__id = data["id"]
            if not isinstance(data__id, (str)):
                raise Invalid
        if "incident_id" in data_keys:
            data_keys.remove("incident_id")
            data__incidentid = data["incident_id"]
            if not isinstance(data__incidentid, (int)) and not (isinstance(data__incidentid, float) and data__incidentid.is_integer()) or isinstance(data__incidentid, bool):
                raise Invalid
        if "investigation_id" in data_keys:
            data_keys.remove("investigation_id")
            data__investigationid = data["investigation_id"]
            if not isinstance(data__investigationid, (int)) and not (isinstance(data__investigationid, float) and data__investigationid.is_integer()) or isinstance(data__investigationid, bool):
                raise Invalid
        if "assigned_to" in data_keys:
            data_keys.remove("assigned_to")
            data__assignedto = data["assigned_to"]
            if not isinstance(data__assignedto, (str)):
                raise Invalid
        if "severity" in data_keys:
            data_keys.remove("severity")
            data__severity = data["severity"]
            if not isinstance(data__severity, (str)):
                raise Invalid
        if "status" in data_keys:
            data_keys.remove("status")
            data__status = data["status"]
            if not isinstance(data__status, (str)):
                raise Invalid
        if "classification" in data_keys:
            data_keys.remove("classification")
            data__classification = data["classification"]
            if not isinstance(data__classification, (str)):
                raise Invalid
        if "determination" in data_keys:
            data_keys.remove("determination")
            data__determination = data["determination"]
            if not isinstance(data__determination, (str)):
                raise Invalid
        if "investigation_state" in data_keys:
            data_keys.remove("investigation_state")
            data__investigationstate = data["investigation_state"]
            if not isinstance(data__investigationstate, (str)):
                raise Invalid
        if "detection_source" in data_keys:
            data_keys.remove("detection_source")
            data__detectionsource = data["detection_source"]
            if not isinstance(data__detectionsource, (str)):
                raise Invalid
        if "detector_id" in data_keys:
            data_keys.remove("detector_id")
            data__detectorid = data["detector_id"]
            if not isinstance(data__detectorid, (str)):
                raise Invalid
        if "category" in data_keys:
            data_keys.remove("category")
            data__category = data["category"]
            if not isinstance(data__category, (str)):
                raise Invalid
            if isinstance(data__category, str):
                data__category_len = len(data__category)
                if data__category_len < 1:
                    raise Invalid
        if "threat_family_name" in data_keys:
            data_keys.remove("threat_family_name")
            data__threatfamilyname = data["threat_family_name"]
            if not isinstance(data__threatfamilyname, (str)):
                raise Invalid
        if "title" in data_keys:
            data_keys.remove("title")
            data__title = data["title"]
            if not isinstance(data__title, (str)):
                raise Invalid
        if "description" in data_keys:
            data_keys.remove("description")
            data__description = data["description"]
            if not isinstance(data__description, (str)):
                raise Invalid
        if "alert_creation_time" in data_keys:
            data_keys.remove("alert_creation_time")
            data__alertcreationtime = data["alert_creation_time"]
            validate____defs_timestamp(data__alertcreationtime, custom_formats, (name_prefix or "data") + ".alert_creation_time")
        if "first_event_time" in data_keys:
            data_keys.remove("first_event_time")
            data__firsteventtime = data["first_event_time"]
            validate____defs_timestamp(data__firsteventtime, custom_formats, (name_prefix or "data") + ".first_event_time")
        if "last_event_time" in data_keys:
            data_keys.remove("last_event_time")
            data__lasteventtime = data["last_event_time"]
            validate____defs_timestamp(data__lasteventtime, custom_formats, (name_prefix or "data") + ".last_event_time")
        if "last_update_time" in data_keys:
            data_keys.remove("last_update_time")
            data__lastupdatetime = data["last_update_time"]
            validate____defs_timestamp(data__lastupdatetime, custom_formats, (name_prefix or "data") + ".last_update_time")
        if "resolved_time" in data_keys:
            data_keys.remove("resolved_time")
            data__resolvedtime = data["resolved_time"]
            validate____defs_timestamp(data__resolvedtime, custom_formats, (name_prefix or "data") + ".resolved_time")
        if "machine_id" in data_keys:
            data_keys.remove("machine_id")
            data__machineid = data["machine_id"]
            if not isinstance(data__machineid, (str)):
                raise Invalid
        if "computer_dns_name" in data_keys:
            data_keys.remove("computer_dns_name")
            data__computerdnsname = data["computer_dns_name"]
            if not isinstance(data__computerdnsname, (str)):
                raise Invalid
        if "rbac_group_name" in data_keys:
            data_keys.remove("rbac_group_name")
            data__rbacgroupname = data["rbac_group_name"]
            if not isinstance(data__rbacgroupname, (str)):
                raise Invalid
        if "aad_tenant_id" in data_keys:
            data_keys.remove("aad_tenant_id")
            data__aadtenantid = data["aad_tenant_id"]
            if not isinstance(data__aadtenantid, (str)):
                raise Invalid
        if "related_user" in data_keys:
            data_keys.remove("related_user")
            data__relateduser = data["related_user"]
            if not isinstance(data__relateduser, (dict)):
                raise Invalid
            data__relateduser_is_dict = isinstance(data__relateduser, dict)
            if data__relateduser_is_dict:
                data__relateduser_keys = set(data__relateduser.keys())
                if "user_name" in data__relateduser_keys:
                    data__relateduser_keys.remove("user_name")
                    data__relateduser__username = data__relateduser["user_name"]
                    if not isinstance(data__relateduser__username, (str)):
                        raise Invalid
                if "domain_name" in data__relateduser_keys:
                    data__relateduser_keys.remove("domain_name")
                    data__relateduser__domainname = data__relateduser["domain_name"]
                    if not isinstance(data__relateduser__domainname, (str)):
                        raise Invalid
                if data__relateduser_keys:
                    raise Invalid
        if "threat_name" in data_keys:
            data_keys.remove("threat_name")
            data__threatname = data["threat_name"]
            if not isinstance(data__threatname, (str)):
                raise Invalid
        if "mitre_techniques" in data_keys:
            data_keys.remove("mitre_techniques")
            data__mitretechniques = data["mitre_techniques"]
            if not isinstance(data__mitretechniques, (list, tuple)):
                raise Invalid
            data__mitretechniques_is_list = isinstance(data__mitretechniques, (list, tuple))
            if data__mitretechniques_is_list:
                data__mitretechniques_len = len(data__mitretechniques)
                for data__mitretechniques_x, data__mitretechniques_item in enumerate(data__mitretechniques):
                    if not isinstance(data__mitretechniques_item, (str)):
                        raise Invalid
        if "logged_on_users" in data_keys:
            data_keys.remove("logged_on_users")
            data__loggedonusers = data["logged_on_users"]
            if not isinstance(data__loggedonusers, (list, tuple)):
                raise Invalid
            data__loggedonusers_is_list = isinstance(data__loggedonusers, (list, tuple))
            if data__loggedonusers_is_list:
                data__loggedonusers_len = len(data__loggedonusers)
                for data__loggedonusers_x, data__loggedonusers_item in enumerate(data__loggedonusers):
                    if not isinstance(data__loggedonusers_item, (dict)):
                        raise Invalid
                    data__loggedonusers_item_is_dict = isinstance(data__loggedonusers_item, dict)
                    if data__loggedonusers_item_is_dict:
                        data__loggedonusers_item_keys = set(data__loggedonusers_item.keys())
                        if "account_name" in data__loggedonusers_item_keys:
                            data__loggedonusers_item_keys.remove("account_name")
                            data__loggedonusers_item__accountname = data__loggedonusers_item["account_name"]
                            if not isinstance(data__loggedonusers_item__accountname, (str)):
                                raise Invalid
                        if "domain_name" in data__loggedonusers_item_keys:
                            data__loggedonusers_item_keys.remove("domain_name")
                            data__loggedonusers_item__domainname = data__loggedonusers_item["domain_name"]
                            if not isinstance(data__loggedonusers_item__domainname, (str)):
                                raise Invalid
                        if data__loggedonusers_item_keys:
                            raise Invalid
        if "comments" in data_keys:
            data_keys.remove("comments")
            data__comments = data["comments"]
            if not isinstance(data__comments, (list, tuple)):
                raise Invalid
            data__comments_is_list = isinstance(data__comments, (list, tuple))
            if data__comments_is_list:
                data__comments_len = len(data__comments)
                for data__comments_x, data__comments_item in enumerate(data__comments):
                    if not isinstance(data__comments_item, (dict)):
                        raise Invalid
                    data__comments_item_is_dict = isinstance(data__comments_item, dict)
                    if data__comments_item_is_dict:
                        data__comments_item_keys = set(data__comments_item.keys())
                        if "comment" in data__comments_item_keys:
                            data__comments_item_keys.remove("comment")
                            data__comments_item__comment = data__comments_item["comment"]
                            if not isinstance(data__comments_item__comment, (str)):
                                raise Invalid
                        if "created_by" in data__comments_item_keys:
                            data__comments_item_keys.remove("created_by")
                            data__comments_item__createdby = data__comments_item["created_by"]
                            if not isinstance(data__comments_item__createdby, (str)):
                                raise Invalid
                        if "created_time" in data__comments_item_keys:
                            data__comments_item_keys.remove("created_time")
                            data__comments_item__createdtime = data__comments_item["created_time"]
                            validate____defs_timestamp(data__comments_item__createdtime, custom_formats, (name_prefix or "data") + ".comments[{data__comments_x}].created_time".format(**locals()))
                        if data__comments_item_keys:
                            raise Invalid
        if "evidence" in data_keys:
            data_keys.remove("evidence")
            data__evidence = data["evidence"]
            if not isinstance(data__evidence, (list, tuple)):
                raise Invalid
            data__evidence_is_list = isinstance(data__evidence, (list, tuple))
            if data__evidence_is_list:
                data__evidence_len = len(data__evidence)
                for data__evidence_x, data__evidence_item in enumerate(data__evidence):
                    validate____defs_evidence(data__evidence_item, custom_formats, (name_prefix or "data") + ".evidence[{data__evidence_x}]".format(**locals()))
        if "evidence_total" in data_keys:
            data_keys.remove("evidence_total")
            data__evidencetotal = data["evidence_total"]
            if not isinstance(data__evidencetotal, (int)) and not (isinstance(data__evidencetotal, float) and data__evidencetotal.is_integer()) or isinstance(data__evidencetotal, bool):
                raise Invalid
            if isinstance(data__evidencetotal, (int, float)) and not isinstance(data__evidencetotal, bool):
                if data__evidencetotal < 0:
                    raise Invalid
        if "evidence_truncated" in data_keys:
            data_keys.remove("evidence_truncated")
            data__evidencetruncated = data["evidence_truncated"]
            if not (isinstance(data__evidencetruncated, bool) and data__evidencetruncated is True):
                raise Invalid
        if "domains" in data_keys:
            data_keys.remove("domains")
            data__domains = data["domains"]
            if not isinstance(data__domains, (list, tuple)):
                raise Invalid
            data__domains_is_list = isinstance(data__domains, (list, tuple))
            if data__domains_is_list:
                data__domains_len = len(data__domains)
                for data__domains_x, data__domains_item in enumerate(data__domains):
                    if not isinstance(data__domains_item, (dict)):
                        raise Invalid
                    data__domains_item_is_dict = isinstance(data__domains_item, dict)
                    if data__domains_item_is_dict:
                        data__domains_item_keys = set(data__domains_item.keys())
                        if "host" in data__domains_item_keys:
                            data__domains_item_keys.remove("host")
                            data__domains_item__host = data__domains_item["host"]
                            if not isinstance(data__domains_item__host, (str)):
                                raise Invalid
                        if data__domains_item_keys:
                            raise Invalid
        if data_keys:
            raise Invalid
    return data

def validate____defs_evidence(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "entity_type" in data_keys:
            data_keys.remove("entity_type")
            data__entitytype = data["entity_type"]
            if not isinstance(data__entitytype, (str)):
                raise Invalid
        if "evidence_creation_time" in data_keys:
            data_keys.remove("evidence_creation_time")
            data__evidencecreationtime = data["evidence_creation_time"]
            validate____defs_timestamp(data__evidencecreationtime, custom_formats, (name_prefix or "data") + ".evidence_creation_time")
        if "sha1" in data_keys:
            data_keys.remove("sha1")
            data__sha1 = data["sha1"]
            if not isinstance(data__sha1, (str)):
                raise Invalid
        if "sha256" in data_keys:
            data_keys.remove("sha256")
            data__sha256 = data["sha256"]
            if not isinstance(data__sha256, (str)):
                raise Invalid
        if "file_name" in data_keys:
            data_keys.remove("file_name")
            data__filename = data["file_name"]
            if not isinstance(data__filename, (str)):
                raise Invalid
        if "file_path" in data_keys:
            data_keys.remove("file_path")
            data__filepath = data["file_path"]
            if not isinstance(data__filepath, (str)):
                raise Invalid
        if "process_id" in data_keys:
            data_keys.remove("process_id")
            data__processid = data["process_id"]
            if not isinstance(data__processid, (int)) and not (isinstance(data__processid, float) and data__processid.is_integer()) or isinstance(data__processid, bool):
                raise Invalid
        if "process_command_line" in data_keys:
            data_keys.remove("process_command_line")
            data__processcommandline = data["process_command_line"]
            if not isinstance(data__processcommandline, (str)):
                raise Invalid
        if "process_creation_time" in data_keys:
            data_keys.remove("process_creation_time")
            data__processcreationtime = data["process_creation_time"]
            validate____defs_timestamp(data__processcreationtime, custom_formats, (name_prefix or "data") + ".process_creation_time")
        if "parent_process_id" in data_keys:
            data_keys.remove("parent_process_id")
            data__parentprocessid = data["parent_process_id"]
            if not isinstance(data__parentprocessid, (int)) and not (isinstance(data__parentprocessid, float) and data__parentprocessid.is_integer()) or isinstance(data__parentprocessid, bool):
                raise Invalid
        if "parent_process_creation_time" in data_keys:
            data_keys.remove("parent_process_creation_time")
            data__parentprocesscreationtime = data["parent_process_creation_time"]
            validate____defs_timestamp(data__parentprocesscreationtime, custom_formats, (name_prefix or "data") + ".parent_process_creation_time")
        if "parent_process_file_name" in data_keys:
            data_keys.remove("parent_process_file_name")
            data__parentprocessfilename = data["parent_process_file_name"]
            if not isinstance(data__parentprocessfilename, (str)):
                raise Invalid
        if "parent_process_file_path" in data_keys:
            data_keys.remove("parent_process_file_path")
            data__parentprocessfilepath = data["parent_process_file_path"]
            if not isinstance(data__parentprocessfilepath, (str)):
                raise Invalid
        if "ip_address" in data_keys:
            data_keys.remove("ip_address")
            data__ipaddress = data["ip_address"]
            if not isinstance(data__ipaddress, (str)):
                raise Invalid
        if "url" in data_keys:
            data_keys.remove("url")
            data__url = data["url"]
            if not isinstance(data__url, (str)):
                raise Invalid
        if "registry_key" in data_keys:
            data_keys.remove("registry_key")
            data__registrykey = data["registry_key"]
            if not isinstance(data__registrykey, (str)):
                raise Invalid
        if "registry_hive" in data_keys:
            data_keys.remove("registry_hive")
            data__registryhive = data["registry_hive"]
            if not isinstance(data__registryhive, (str)):
                raise Invalid
        if "registry_value_type" in data_keys:
            data_keys.remove("registry_value_type")
            data__registryvaluetype = data["registry_value_type"]
            if not isinstance(data__registryvaluetype, (str)):
                raise Invalid
        if "registry_value" in data_keys:
            data_keys.remove("registry_value")
            data__registryvalue = data["registry_value"]
            if not isinstance(data__registryvalue, (str)):
                raise Invalid
        if "registry_value_name" in data_keys:
            data_keys.remove("registry_value_name")
            data__registryvaluename = data["registry_value_name"]
            if not isinstance(data__registryvaluename, (str)):
                raise Invalid
        if "account_name" in data_keys:
            data_keys.remove("account_name")
            data__accountname = data["account_name"]
            if not isinstance(data__accountname, (str)):
                raise Invalid
        if "domain_name" in data_keys:
            data_keys.remove("domain_name")
            data__domainname = data["domain_name"]
            if not isinstance(data__domainname, (str)):
                raise Invalid
        if "user_sid" in data_keys:
            data_keys.remove("user_sid")
            data__usersid = data["user_sid"]
            if not isinstance(data__usersid, (str)):
                raise Invalid
        if "aad_user_id" in data_keys:
            data_keys.remove("aad_user_id")
            data__aaduserid = data["aad_user_id"]
            if not isinstance(data__aaduserid, (str)):
                raise Invalid
        if "user_principal_name" in data_keys:
            data_keys.remove("user_principal_name")
            data__userprincipalname = data["user_principal_name"]
            if not isinstance(data__userprincipalname, (str)):
                raise Invalid
        if "detection_status" in data_keys:
            data_keys.remove("detection_status")
            data__detectionstatus = data["detection_status"]
            if not isinstance(data__detectionstatus, (str)):
                raise Invalid
        if data_keys:
            raise Invalid
    return data

def validate____defs_file_stats(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['lookback_hours', 'lookback_defaulted']) - data.keys()
        if data__missing_keys:
            raise Invalid
        data_keys = set(data.keys())
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
        if "lookback_defaulted" in data_keys:
            data_keys.remove("lookback_defaulted")
            data__lookbackdefaulted = data["lookback_defaulted"]
            if not isinstance(data__lookbackdefaulted, (bool)):
                raise Invalid
        if "organization_prevalence" in data_keys:
            data_keys.remove("organization_prevalence")
            data__organizationprevalence = data["organization_prevalence"]
            if not isinstance(data__organizationprevalence, (int)) and not (isinstance(data__organizationprevalence, float) and data__organizationprevalence.is_integer()) or isinstance(data__organizationprevalence, bool):
                raise Invalid
            if isinstance(data__organizationprevalence, (int, float)) and not isinstance(data__organizationprevalence, bool):
                if data__organizationprevalence < 0:
                    raise Invalid
        if "organization_first_seen" in data_keys:
            data_keys.remove("organization_first_seen")
            data__organizationfirstseen = data["organization_first_seen"]
            validate____defs_timestamp(data__organizationfirstseen, custom_formats, (name_prefix or "data") + ".organization_first_seen")
        if "organization_last_seen" in data_keys:
            data_keys.remove("organization_last_seen")
            data__organizationlastseen = data["organization_last_seen"]
            validate____defs_timestamp(data__organizationlastseen, custom_formats, (name_prefix or "data") + ".organization_last_seen")
        if "global_prevalence" in data_keys:
            data_keys.remove("global_prevalence")
            data__globalprevalence = data["global_prevalence"]
            if not isinstance(data__globalprevalence, (int)) and not (isinstance(data__globalprevalence, float) and data__globalprevalence.is_integer()) or isinstance(data__globalprevalence, bool):
                raise Invalid
            if isinstance(data__globalprevalence, (int, float)) and not isinstance(data__globalprevalence, bool):
                if data__globalprevalence < 0:
                    raise Invalid
        if "global_first_observed" in data_keys:
            data_keys.remove("global_first_observed")
            data__globalfirstobserved = data["global_first_observed"]
            validate____defs_timestamp(data__globalfirstobserved, custom_formats, (name_prefix or "data") + ".global_first_observed")
        if "global_last_observed" in data_keys:
            data_keys.remove("global_last_observed")
            data__globallastobserved = data["global_last_observed"]
            validate____defs_timestamp(data__globallastobserved, custom_formats, (name_prefix or "data") + ".global_last_observed")
        if "top_file_names" in data_keys:
            data_keys.remove("top_file_names")
            data__topfilenames = data["top_file_names"]
            if not isinstance(data__topfilenames, (list, tuple)):
                raise Invalid
            data__topfilenames_is_list = isinstance(data__topfilenames, (list, tuple))
            if data__topfilenames_is_list:
                data__topfilenames_len = len(data__topfilenames)
                for data__topfilenames_x, data__topfilenames_item in enumerate(data__topfilenames):
                    if not isinstance(data__topfilenames_item, (str)):
                        raise Invalid
        if data_keys:
            raise Invalid
    return data

def validate____defs_timestamp(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (str)):
        raise Invalid
    try:
        if isinstance(data, str):
            if not REGEX_PATTERNS['\\n'].search(data):
                raise Invalid
    except Invalid: pass
    else:
        raise Invalid
    if isinstance(data, str):
        data_len = len(data)
        if data_len < 20:
            raise Invalid
        if data_len > 30:
            raise Invalid
        if not REGEX_PATTERNS['^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$'].search(data):
            raise Invalid
    return data

def validate____defs_md5(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (str)):
        raise Invalid
    if isinstance(data, str):
        data_len = len(data)
        if data_len < 32:
            raise Invalid
        if data_len > 32:
            raise Invalid
        if not REGEX_PATTERNS['^[0-9a-f]{32}$'].search(data):
            raise Invalid
    return data

def validate____defs_sha256(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (str)):
        raise Invalid
    if isinstance(data, str):
        data_len = len(data)
        if data_len < 64:
            raise Invalid
        if data_len > 64:
            raise Invalid
        if not REGEX_PATTERNS['^[0-9a-f]{64}$'].search(data):
            raise Invalid
    return data

def validate____defs_sha1(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (str)):
        raise Invalid
    if isinstance(data, str):
        data_len = len(data)
        if data_len < 40:
            raise Invalid
        if data_len > 40:
            raise Invalid
        if not REGEX_PATTERNS['^[0-9a-f]{40}$'].search(data):
            raise Invalid
    return data


def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
