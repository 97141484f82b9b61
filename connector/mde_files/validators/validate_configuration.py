# mypy: ignore-errors
"""Generated from schemas/configuration.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


REGEX_PATTERNS = Patterns({
    '\\n': '\\n',
    '^[0-9a-zA-Z]([0-9a-zA-Z.-]*[0-9a-zA-Z])?$': '^[0-9a-zA-Z]([0-9a-zA-Z.-]*[0-9a-zA-Z])?\\Z',
    '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$': '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\\Z',
    '^[a-z]{2,8}$': '^[a-z]{2,8}\\Z',
    '^https?://[^/?#@]+(/[^?#]*)?$': '^https?://[^/?#@]+(/[^?#]*)?\\Z',
    '^[a-z0-9.-]+$': '^[a-z0-9.-]+\\Z',
    '^https?://': '^https?://',
    '^(sqlite:///.+|rediss?://.+|memory:)$': '^(sqlite:///.+|rediss?://.+|memory:)\\Z',
    '^[A-Za-z0-9_(.-]*[A-Za-z0-9_()-]$': '^[A-Za-z0-9_(.-]*[A-Za-z0-9_()-]\\Z',
    '^https?://[^/?#@]+([/?][^#]*)?$': '^https?://[^/?#@]+([/?][^#]*)?\\Z',
    '^rediss?://.+$': '^rediss?://.+\\Z',
    '^[A-Za-z0-9][A-Za-z0-9._-]*$': '^[A-Za-z0-9][A-Za-z0-9._-]*\\Z',
    '^[0-9a-f]{64}$': '^[0-9a-f]{64}\\Z',
    '^[a-z0-9][a-z0-9_-]*$': '^[a-z0-9][a-z0-9_-]*\\Z',
})

NoneType = type(None)

def validate(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
        raise Invalid
    data_any_of_count1 = 0
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['tenant_id']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['tenants']) - data.keys()
                if data__missing_keys:
                    raise Invalid
            data_any_of_count1 += 1
        except Invalid: pass
    if not data_any_of_count1:
        raise Invalid
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "tenant_id" in data_keys:
            data_keys.remove("tenant_id")
            data__tenantid = data["tenant_id"]
            if not isinstance(data__tenantid, (str)):
                raise Invalid
            try:
                if isinstance(data__tenantid, str):
                    if not REGEX_PATTERNS['\\n'].search(data__tenantid):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__tenantid, str):
                data__tenantid_len = len(data__tenantid)
                if data__tenantid_len < 1:
                    raise Invalid
                if data__tenantid_len > 253:
                    raise Invalid
                if not REGEX_PATTERNS['^[0-9a-zA-Z]([0-9a-zA-Z.-]*[0-9a-zA-Z])?$'].search(data__tenantid):
                    raise Invalid
        if "client_id" in data_keys:
            data_keys.remove("client_id")
            data__clientid = data["client_id"]
            if not isinstance(data__clientid, (str)):
                raise Invalid
            try:
                if isinstance(data__clientid, str):
                    if not REGEX_PATTERNS['\\n'].search(data__clientid):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__clientid, str):
                data__clientid_len = len(data__clientid)
                if data__clientid_len < 1:
                    raise Invalid
                if data__clientid_len > 36:
                    raise Invalid
                if not REGEX_PATTERNS['^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'].search(data__clientid):
                    raise Invalid
        if "auth" in data_keys:
            data_keys.remove("auth")
            data__auth = data["auth"]
            if not isinstance(data__auth, (dict)):
                raise Invalid
            data__auth_is_dict = isinstance(data__auth, dict)
            if data__auth_is_dict:
                data__auth_keys = set(data__auth.keys())
                if "method" in data__auth_keys:
                    data__auth_keys.remove("method")
                    data__auth__method = data__auth["method"]
                    if not (isinstance(data__auth__method, str) and data__auth__method == 'client_secret' or isinstance(data__auth__method, str) and data__auth__method == 'certificate' or isinstance(data__auth__method, str) and data__auth__method == 'managed_identity' or isinstance(data__auth__method, str) and data__auth__method == 'workload_identity' or isinstance(data__auth__method, str) and data__auth__method == 'device_code' or isinstance(data__auth__method, str) and data__auth__method == 'access_token'):
                        raise Invalid
                if "client_secret" in data__auth_keys:
                    data__auth_keys.remove("client_secret")
                    data__auth__clientsecret = data__auth["client_secret"]
                    if not isinstance(data__auth__clientsecret, (str)):
                        raise Invalid
                    if isinstance(data__auth__clientsecret, str):
                        data__auth__clientsecret_len = len(data__auth__clientsecret)
                        if data__auth__clientsecret_len < 1:
                            raise Invalid
                if "client_secret_file" in data__auth_keys:
                    data__auth_keys.remove("client_secret_file")
                    data__auth__clientsecretfile = data__auth["client_secret_file"]
                    if not isinstance(data__auth__clientsecretfile, (str)):
                        raise Invalid
                    if isinstance(data__auth__clientsecretfile, str):
                        data__auth__clientsecretfile_len = len(data__auth__clientsecretfile)
                        if data__auth__clientsecretfile_len < 1:
                            raise Invalid
                if "certificate" in data__auth_keys:
                    data__auth_keys.remove("certificate")
                    data__auth__certificate = data__auth["certificate"]
                    if not isinstance(data__auth__certificate, (dict)):
                        raise Invalid
                    data__auth__certificate_is_dict = isinstance(data__auth__certificate, dict)
                    if data__auth__certificate_is_dict:
                        data__auth__certificate_keys = set(data__auth__certificate.keys())
                        if "path" in data__auth__certificate_keys:
                            data__auth__certificate_keys.remove("path")
                            data__auth__certificate__path = data__auth__certificate["path"]
                            if not isinstance(data__auth__certificate__path, (str)):
                                raise Invalid
                            if isinstance(data__auth__certificate__path, str):
                                data__auth__certificate__path_len = len(data__auth__certificate__path)
                                if data__auth__certificate__path_len < 1:
                                    raise Invalid
                        if "pem" in data__auth__certificate_keys:
                            data__auth__certificate_keys.remove("pem")
                            data__auth__certificate__pem = data__auth__certificate["pem"]
                            if not isinstance(data__auth__certificate__pem, (str)):
                                raise Invalid
                            if isinstance(data__auth__certificate__pem, str):
                                data__auth__certificate__pem_len = len(data__auth__certificate__pem)
                                if data__auth__certificate__pem_len < 1:
                                    raise Invalid
                        if "passphrase" in data__auth__certificate_keys:
                            data__auth__certificate_keys.remove("passphrase")
                            data__auth__certificate__passphrase = data__auth__certificate["passphrase"]
                            if not isinstance(data__auth__certificate__passphrase, (str)):
                                raise Invalid
                            if isinstance(data__auth__certificate__passphrase, str):
                                data__auth__certificate__passphrase_len = len(data__auth__certificate__passphrase)
                                if data__auth__certificate__passphrase_len < 1:
                                    raise Invalid
                        if data__auth__certificate_keys:
                            raise Invalid
                if "federated_token_file" in data__auth_keys:
                    data__auth_keys.remove("federated_token_file")
                    data__auth__federatedtokenfile = data__auth["federated_token_file"]
                    if not isinstance(data__auth__federatedtokenfile, (str)):
                        raise Invalid
                    if isinstance(data__auth__federatedtokenfile, str):
                        data__auth__federatedtokenfile_len = len(data__auth__federatedtokenfile)
                        if data__auth__federatedtokenfile_len < 1:
                            raise Invalid
                if "access_token" in data__auth_keys:
                    data__auth_keys.remove("access_token")
                    data__auth__accesstoken = data__auth["access_token"]
                    if not isinstance(data__auth__accesstoken, (str)):
                        raise Invalid
                    if isinstance(data__auth__accesstoken, str):
                        data__auth__accesstoken_len = len(data__auth__accesstoken)
                        if data__auth__accesstoken_len < 1:
                            raise Invalid
                if "access_token_file" in data__auth_keys:
                    data__auth_keys.remove("access_token_file")
                    data__auth__accesstokenfile = data__auth["access_token_file"]
                    if not isinstance(data__auth__accesstokenfile, (str)):
                        raise Invalid
                    if isinstance(data__auth__accesstokenfile, str):
                        data__auth__accesstokenfile_len = len(data__auth__accesstokenfile)
                        if data__auth__accesstokenfile_len < 1:
                            raise Invalid
                if data__auth_keys:
                    raise Invalid
        if "token_cache" in data_keys:
            data_keys.remove("token_cache")
            data__tokencache = data["token_cache"]
            if not isinstance(data__tokencache, (str, bool)):
                raise Invalid
        if "cloud" in data_keys:
            data_keys.remove("cloud")
            data__cloud = data["cloud"]
            if not (isinstance(data__cloud, str) and data__cloud == 'commercial' or isinstance(data__cloud, str) and data__cloud == 'gcc' or isinstance(data__cloud, str) and data__cloud == 'gcc_high' or isinstance(data__cloud, str) and data__cloud == 'dod' or isinstance(data__cloud, str) and data__cloud == 'custom'):
                raise Invalid
        if "region" in data_keys:
            data_keys.remove("region")
            data__region = data["region"]
            if not isinstance(data__region, (str)):
                raise Invalid
            try:
                if isinstance(data__region, str):
                    if not REGEX_PATTERNS['\\n'].search(data__region):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__region, str):
                data__region_len = len(data__region)
                if data__region_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^[a-z]{2,8}$'].search(data__region):
                    raise Invalid
        if "base_url" in data_keys:
            data_keys.remove("base_url")
            data__baseurl = data["base_url"]
            if not isinstance(data__baseurl, (str)):
                raise Invalid
            try:
                if isinstance(data__baseurl, str):
                    if not REGEX_PATTERNS['\\n'].search(data__baseurl):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__baseurl, str):
                data__baseurl_len = len(data__baseurl)
                if data__baseurl_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^https?://[^/?#@]+(/[^?#]*)?$'].search(data__baseurl):
                    raise Invalid
        if "authority" in data_keys:
            data_keys.remove("authority")
            data__authority = data["authority"]
            if not isinstance(data__authority, (str)):
                raise Invalid
            try:
                if isinstance(data__authority, str):
                    if not REGEX_PATTERNS['\\n'].search(data__authority):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__authority, str):
                data__authority_len = len(data__authority)
                if data__authority_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^https?://[^/?#@]+(/[^?#]*)?$'].search(data__authority):
                    raise Invalid
        if "scope" in data_keys:
            data_keys.remove("scope")
            data__scope = data["scope"]
            if not isinstance(data__scope, (str)):
                raise Invalid
            if isinstance(data__scope, str):
                data__scope_len = len(data__scope)
                if data__scope_len < 1:
                    raise Invalid
        if "incidents_url" in data_keys:
            data_keys.remove("incidents_url")
            data__incidentsurl = data["incidents_url"]
            if not isinstance(data__incidentsurl, (str)):
                raise Invalid
            try:
                if isinstance(data__incidentsurl, str):
                    if not REGEX_PATTERNS['\\n'].search(data__incidentsurl):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__incidentsurl, str):
                data__incidentsurl_len = len(data__incidentsurl)
                if data__incidentsurl_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^https?://[^/?#@]+(/[^?#]*)?$'].search(data__incidentsurl):
                    raise Invalid
        if "incidents_scope" in data_keys:
            data_keys.remove("incidents_scope")
            data__incidentsscope = data["incidents_scope"]
            if not isinstance(data__incidentsscope, (str)):
                raise Invalid
            if isinstance(data__incidentsscope, str):
                data__incidentsscope_len = len(data__incidentsscope)
                if data__incidentsscope_len < 1:
                    raise Invalid
        if "graph_url" in data_keys:
            data_keys.remove("graph_url")
            data__graphurl = data["graph_url"]
            if not isinstance(data__graphurl, (str)):
                raise Invalid
            try:
                if isinstance(data__graphurl, str):
                    if not REGEX_PATTERNS['\\n'].search(data__graphurl):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__graphurl, str):
                data__graphurl_len = len(data__graphurl)
                if data__graphurl_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^https?://[^/?#@]+(/[^?#]*)?$'].search(data__graphurl):
                    raise Invalid
        if "graph_scope" in data_keys:
            data_keys.remove("graph_scope")
            data__graphscope = data["graph_scope"]
            if not isinstance(data__graphscope, (str)):
                raise Invalid
            if isinstance(data__graphscope, str):
                data__graphscope_len = len(data__graphscope)
                if data__graphscope_len < 1:
                    raise Invalid
        if "azure_management_url" in data_keys:
            data_keys.remove("azure_management_url")
            data__azuremanagementurl = data["azure_management_url"]
            if not isinstance(data__azuremanagementurl, (str)):
                raise Invalid
            try:
                if isinstance(data__azuremanagementurl, str):
                    if not REGEX_PATTERNS['\\n'].search(data__azuremanagementurl):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__azuremanagementurl, str):
                data__azuremanagementurl_len = len(data__azuremanagementurl)
                if data__azuremanagementurl_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^https?://[^/?#@]+(/[^?#]*)?$'].search(data__azuremanagementurl):
                    raise Invalid
        if "azure_management_scope" in data_keys:
            data_keys.remove("azure_management_scope")
            data__azuremanagementscope = data["azure_management_scope"]
            if not isinstance(data__azuremanagementscope, (str)):
                raise Invalid
            if isinstance(data__azuremanagementscope, str):
                data__azuremanagementscope_len = len(data__azuremanagementscope)
                if data__azuremanagementscope_len < 1:
                    raise Invalid
        if "portal_host" in data_keys:
            data_keys.remove("portal_host")
            data__portalhost = data["portal_host"]
            if not isinstance(data__portalhost, (str)):
                raise Invalid
            try:
                if isinstance(data__portalhost, str):
                    if not REGEX_PATTERNS['\\n'].search(data__portalhost):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__portalhost, str):
                data__portalhost_len = len(data__portalhost)
                if data__portalhost_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^[a-z0-9.-]+$'].search(data__portalhost):
                    raise Invalid
        if "ca_bundle" in data_keys:
            data_keys.remove("ca_bundle")
            data__cabundle = data["ca_bundle"]
            if not isinstance(data__cabundle, (str)):
                raise Invalid
            if isinstance(data__cabundle, str):
                data__cabundle_len = len(data__cabundle)
                if data__cabundle_len < 1:
                    raise Invalid
        if "proxy" in data_keys:
            data_keys.remove("proxy")
            data__proxy = data["proxy"]
            if not isinstance(data__proxy, (str)):
                raise Invalid
            if isinstance(data__proxy, str):
                data__proxy_len = len(data__proxy)
                if data__proxy_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^https?://'].search(data__proxy):
                    raise Invalid
        if "timeouts" in data_keys:
            data_keys.remove("timeouts")
            data__timeouts = data["timeouts"]
            if not isinstance(data__timeouts, (dict)):
                raise Invalid
            data__timeouts_is_dict = isinstance(data__timeouts, dict)
            if data__timeouts_is_dict:
                data__timeouts_keys = set(data__timeouts.keys())
                if "connect" in data__timeouts_keys:
                    data__timeouts_keys.remove("connect")
                    data__timeouts__connect = data__timeouts["connect"]
                    if not isinstance(data__timeouts__connect, (int, float)) or isinstance(data__timeouts__connect, bool):
                        raise Invalid
                    if isinstance(data__timeouts__connect, (int, float)) and not isinstance(data__timeouts__connect, bool):
                        if data__timeouts__connect > 86400:
                            raise Invalid
                        if data__timeouts__connect <= 0:
                            raise Invalid
                if "read" in data__timeouts_keys:
                    data__timeouts_keys.remove("read")
                    data__timeouts__read = data__timeouts["read"]
                    if not isinstance(data__timeouts__read, (int, float)) or isinstance(data__timeouts__read, bool):
                        raise Invalid
                    if isinstance(data__timeouts__read, (int, float)) and not isinstance(data__timeouts__read, bool):
                        if data__timeouts__read > 86400:
                            raise Invalid
                        if data__timeouts__read <= 0:
                            raise Invalid
                if "total" in data__timeouts_keys:
                    data__timeouts_keys.remove("total")
                    data__timeouts__total = data__timeouts["total"]
                    if not isinstance(data__timeouts__total, (int, float)) or isinstance(data__timeouts__total, bool):
                        raise Invalid
                    if isinstance(data__timeouts__total, (int, float)) and not isinstance(data__timeouts__total, bool):
                        if data__timeouts__total > 86400:
                            raise Invalid
                        if data__timeouts__total <= 0:
                            raise Invalid
                if data__timeouts_keys:
                    raise Invalid
        if "quota" in data_keys:
            data_keys.remove("quota")
            data__quota = data["quota"]
            if not isinstance(data__quota, (dict)):
                raise Invalid
            data__quota_is_dict = isinstance(data__quota, dict)
            if data__quota_is_dict:
                data__quota_keys = set(data__quota.keys())
                if "per_minute" in data__quota_keys:
                    data__quota_keys.remove("per_minute")
                    data__quota__perminute = data__quota["per_minute"]
                    if not isinstance(data__quota__perminute, (int)) and not (isinstance(data__quota__perminute, float) and data__quota__perminute.is_integer()) or isinstance(data__quota__perminute, bool):
                        raise Invalid
                    if isinstance(data__quota__perminute, (int, float)) and not isinstance(data__quota__perminute, bool):
                        if data__quota__perminute < 1:
                            raise Invalid
                if "per_hour" in data__quota_keys:
                    data__quota_keys.remove("per_hour")
                    data__quota__perhour = data__quota["per_hour"]
                    if not isinstance(data__quota__perhour, (int)) and not (isinstance(data__quota__perhour, float) and data__quota__perhour.is_integer()) or isinstance(data__quota__perhour, bool):
                        raise Invalid
                    if isinstance(data__quota__perhour, (int, float)) and not isinstance(data__quota__perhour, bool):
                        if data__quota__perhour < 1:
                            raise Invalid
                if "windows" in data__quota_keys:
                    data__quota_keys.remove("windows")
                    data__quota__windows = data__quota["windows"]
                    if not isinstance(data__quota__windows, (list, tuple)):
                        raise Invalid
                    data__quota__windows_is_list = isinstance(data__quota__windows, (list, tuple))
                    if data__quota__windows_is_list:
                        data__quota__windows_len = len(data__quota__windows)
                        if data__quota__windows_len < 1:
                            raise Invalid
                        if data__quota__windows_len > 4:
                            raise Invalid
                        for data__quota__windows_x, data__quota__windows_item in enumerate(data__quota__windows):
                            if not isinstance(data__quota__windows_item, (dict)):
                                raise Invalid
                            data__quota__windows_item_is_dict = isinstance(data__quota__windows_item, dict)
                            if data__quota__windows_item_is_dict:
                                data__quota__windows_item__missing_keys = set(['calls', 'seconds']) - data__quota__windows_item.keys()
                                if data__quota__windows_item__missing_keys:
                                    raise Invalid
                                data__quota__windows_item_keys = set(data__quota__windows_item.keys())
                                if "calls" in data__quota__windows_item_keys:
                                    data__quota__windows_item_keys.remove("calls")
                                    data__quota__windows_item__calls = data__quota__windows_item["calls"]
                                    if not isinstance(data__quota__windows_item__calls, (int)) and not (isinstance(data__quota__windows_item__calls, float) and data__quota__windows_item__calls.is_integer()) or isinstance(data__quota__windows_item__calls, bool):
                                        raise Invalid
                                    if isinstance(data__quota__windows_item__calls, (int, float)) and not isinstance(data__quota__windows_item__calls, bool):
                                        if data__quota__windows_item__calls < 1:
                                            raise Invalid
                                        if data__quota__windows_item__calls > 60000:
                                            raise Invalid
                                if "seconds" in data__quota__windows_item_keys:
                                    data__quota__windows_item_keys.remove("seconds")
                                    data__quota__windows_item__seconds = data__quota__windows_item["seconds"]
                                    if not isinstance(data__quota__windows_item__seconds, (int, float)) or isinstance(data__quota__windows_item__seconds, bool):
                                        raise Invalid
                                    if isinstance(data__quota__windows_item__seconds, (int, float)) and not isinstance(data__quota__windows_item__seconds, bool):
                                        if data__quota__windows_item__seconds > 86400:
                                            raise Invalid
                                        if data__quota__windows_item__seconds <= 0:
                                            raise Invalid
                                if data__quota__windows_item_keys:
                                    raise Invalid
                if "share" in data__quota_keys:
                    data__quota_keys.remove("share")
                    data__quota__share = data__quota["share"]
                    if not isinstance(data__quota__share, (int, float)) or isinstance(data__quota__share, bool):
                        raise Invalid
                    if isinstance(data__quota__share, (int, float)) and not isinstance(data__quota__share, bool):
                        if data__quota__share > 1:
                            raise Invalid
                        if data__quota__share <= 0:
                            raise Invalid
                if "max_wait_seconds" in data__quota_keys:
                    data__quota_keys.remove("max_wait_seconds")
                    data__quota__maxwaitseconds = data__quota["max_wait_seconds"]
                    if not isinstance(data__quota__maxwaitseconds, (int, float)) or isinstance(data__quota__maxwaitseconds, bool):
                        raise Invalid
                    if isinstance(data__quota__maxwaitseconds, (int, float)) and not isinstance(data__quota__maxwaitseconds, bool):
                        if data__quota__maxwaitseconds < 0:
                            raise Invalid
                        if data__quota__maxwaitseconds > 3600:
                            raise Invalid
                if "reserve_interactive" in data__quota_keys:
                    data__quota_keys.remove("reserve_interactive")
                    data__quota__reserveinteractive = data__quota["reserve_interactive"]
                    if not isinstance(data__quota__reserveinteractive, (int, float)) or isinstance(data__quota__reserveinteractive, bool):
                        raise Invalid
                    if isinstance(data__quota__reserveinteractive, (int, float)) and not isinstance(data__quota__reserveinteractive, bool):
                        if data__quota__reserveinteractive < 0:
                            raise Invalid
                        if data__quota__reserveinteractive > 0.9:
                            raise Invalid
                if data__quota_keys:
                    raise Invalid
        if "cache" in data_keys:
            data_keys.remove("cache")
            data__cache = data["cache"]
            if not isinstance(data__cache, (dict)):
                raise Invalid
            data__cache_is_dict = isinstance(data__cache, dict)
            if data__cache_is_dict:
                data__cache_keys = set(data__cache.keys())
                if "enabled" in data__cache_keys:
                    data__cache_keys.remove("enabled")
                    data__cache__enabled = data__cache["enabled"]
                    if not isinstance(data__cache__enabled, (bool)):
                        raise Invalid
                if "stats_ttl" in data__cache_keys:
                    data__cache_keys.remove("stats_ttl")
                    data__cache__statsttl = data__cache["stats_ttl"]
                    if not isinstance(data__cache__statsttl, (int)) and not (isinstance(data__cache__statsttl, float) and data__cache__statsttl.is_integer()) or isinstance(data__cache__statsttl, bool):
                        raise Invalid
                    if isinstance(data__cache__statsttl, (int, float)) and not isinstance(data__cache__statsttl, bool):
                        if data__cache__statsttl < 0:
                            raise Invalid
                if "alerts_ttl" in data__cache_keys:
                    data__cache_keys.remove("alerts_ttl")
                    data__cache__alertsttl = data__cache["alerts_ttl"]
                    if not isinstance(data__cache__alertsttl, (int)) and not (isinstance(data__cache__alertsttl, float) and data__cache__alertsttl.is_integer()) or isinstance(data__cache__alertsttl, bool):
                        raise Invalid
                    if isinstance(data__cache__alertsttl, (int, float)) and not isinstance(data__cache__alertsttl, bool):
                        if data__cache__alertsttl < 0:
                            raise Invalid
                if "unknown_ttl" in data__cache_keys:
                    data__cache_keys.remove("unknown_ttl")
                    data__cache__unknownttl = data__cache["unknown_ttl"]
                    if not isinstance(data__cache__unknownttl, (int)) and not (isinstance(data__cache__unknownttl, float) and data__cache__unknownttl.is_integer()) or isinstance(data__cache__unknownttl, bool):
                        raise Invalid
                    if isinstance(data__cache__unknownttl, (int, float)) and not isinstance(data__cache__unknownttl, bool):
                        if data__cache__unknownttl < 0:
                            raise Invalid
                if "stale_if_error" in data__cache_keys:
                    data__cache_keys.remove("stale_if_error")
                    data__cache__staleiferror = data__cache["stale_if_error"]
                    if not isinstance(data__cache__staleiferror, (int)) and not (isinstance(data__cache__staleiferror, float) and data__cache__staleiferror.is_integer()) or isinstance(data__cache__staleiferror, bool):
                        raise Invalid
                    if isinstance(data__cache__staleiferror, (int, float)) and not isinstance(data__cache__staleiferror, bool):
                        if data__cache__staleiferror < 0:
                            raise Invalid
                if "max_megabytes" in data__cache_keys:
                    data__cache_keys.remove("max_megabytes")
                    data__cache__maxmegabytes = data__cache["max_megabytes"]
                    if not isinstance(data__cache__maxmegabytes, (int)) and not (isinstance(data__cache__maxmegabytes, float) and data__cache__maxmegabytes.is_integer()) or isinstance(data__cache__maxmegabytes, bool):
                        raise Invalid
                    if isinstance(data__cache__maxmegabytes, (int, float)) and not isinstance(data__cache__maxmegabytes, bool):
                        if data__cache__maxmegabytes < 1:
                            raise Invalid
                        if data__cache__maxmegabytes > 65536:
                            raise Invalid
                if data__cache_keys:
                    raise Invalid
        if "state" in data_keys:
            data_keys.remove("state")
            data__state = data["state"]
            if not isinstance(data__state, (str)):
                raise Invalid
            try:
                if isinstance(data__state, str):
                    if not REGEX_PATTERNS['\\n'].search(data__state):
                        raise Invalid
            except Invalid: pass
            else:
                raise Invalid
            if isinstance(data__state, str):
                data__state_len = len(data__state)
                if data__state_len < 1:
                    raise Invalid
                if not REGEX_PATTERNS['^(sqlite:///.+|rediss?://.+|memory:)$'].search(data__state):
                    raise Invalid
        if "state_required" in data_keys:
            data_keys.remove("state_required")
            data__staterequired = data["state_required"]
            if not isinstance(data__staterequired, (bool)):
                raise Invalid
        if "limits" in data_keys:
            data_keys.remove("limits")
            data__limits = data["limits"]
            if not isinstance(data__limits, (dict)):
                raise Invalid
            data__limits_is_dict = isinstance(data__limits, dict)
            if data__limits_is_dict:
                data__limits_keys = set(data__limits.keys())
                if "max_alerts" in data__limits_keys:
                    data__limits_keys.remove("max_alerts")
                    data__limits__maxalerts = data__limits["max_alerts"]
                    if not isinstance(data__limits__maxalerts, (int)) and not (isinstance(data__limits__maxalerts, float) and data__limits__maxalerts.is_integer()) or isinstance(data__limits__maxalerts, bool):
                        raise Invalid
                    if isinstance(data__limits__maxalerts, (int, float)) and not isinstance(data__limits__maxalerts, bool):
                        if data__limits__maxalerts < 1:
                            raise Invalid
                        if data__limits__maxalerts > 100000:
                            raise Invalid
                if "max_evidence" in data__limits_keys:
                    data__limits_keys.remove("max_evidence")
                    data__limits__maxevidence = data__limits["max_evidence"]
                    if not isinstance(data__limits__maxevidence, (int)) and not (isinstance(data__limits__maxevidence, float) and data__limits__maxevidence.is_integer()) or isinstance(data__limits__maxevidence, bool):
                        raise Invalid
                    if isinstance(data__limits__maxevidence, (int, float)) and not isinstance(data__limits__maxevidence, bool):
                        if data__limits__maxevidence < 0:
                            raise Invalid
                        if data__limits__maxevidence > 100000:
                            raise Invalid
                if "max_response_bytes" in data__limits_keys:
                    data__limits_keys.remove("max_response_bytes")
                    data__limits__maxresponsebytes = data__limits["max_response_bytes"]
                    if not isinstance(data__limits__maxresponsebytes, (int)) and not (isinstance(data__limits__maxresponsebytes, float) and data__limits__maxresponsebytes.is_integer()) or isinstance(data__limits__maxresponsebytes, bool):
                        raise Invalid
                    if isinstance(data__limits__maxresponsebytes, (int, float)) and not isinstance(data__limits__maxresponsebytes, bool):
                        if data__limits__maxresponsebytes < 1024:
                            raise Invalid
                if data__limits_keys:
                    raise Invalid
        if "md5" in data_keys:
            data_keys.remove("md5")
            data__md5 = data["md5"]
            if not isinstance(data__md5, (bool)):
                raise Invalid
        if "sinks" in data_keys:
            data_keys.remove("sinks")
            data__sinks = data["sinks"]
            if not isinstance(data__sinks, (dict)):
                raise Invalid
            data__sinks_is_dict = isinstance(data__sinks, dict)
            if data__sinks_is_dict:
                data__sinks_keys = set(data__sinks.keys())
                if "sentinel" in data__sinks_keys:
                    data__sinks_keys.remove("sentinel")
                    data__sinks__sentinel = data__sinks["sentinel"]
                    if not isinstance(data__sinks__sentinel, (dict)):
                        raise Invalid
                    data__sinks__sentinel_is_dict = isinstance(data__sinks__sentinel, dict)
                    if data__sinks__sentinel_is_dict:
                        data__sinks__sentinel__missing_keys = set(['subscription_id', 'resource_group', 'workspace']) - data__sinks__sentinel.keys()
                        if data__sinks__sentinel__missing_keys:
                            raise Invalid
                        data__sinks__sentinel_keys = set(data__sinks__sentinel.keys())
                        if "subscription_id" in data__sinks__sentinel_keys:
                            data__sinks__sentinel_keys.remove("subscription_id")
                            data__sinks__sentinel__subscriptionid = data__sinks__sentinel["subscription_id"]
                            if not isinstance(data__sinks__sentinel__subscriptionid, (str)):
                                raise Invalid
                            try:
                                if isinstance(data__sinks__sentinel__subscriptionid, str):
                                    if not REGEX_PATTERNS['\\n'].search(data__sinks__sentinel__subscriptionid):
                                        raise Invalid
                            except Invalid: pass
                            else:
                                raise Invalid
                            if isinstance(data__sinks__sentinel__subscriptionid, str):
                                data__sinks__sentinel__subscriptionid_len = len(data__sinks__sentinel__subscriptionid)
                                if data__sinks__sentinel__subscriptionid_len < 1:
                                    raise Invalid
                                if data__sinks__sentinel__subscriptionid_len > 128:
                                    raise Invalid
                                if not REGEX_PATTERNS['^[A-Za-z0-9_(.-]*[A-Za-z0-9_()-]$'].search(data__sinks__sentinel__subscriptionid):
                                    raise Invalid
                        if "resource_group" in data__sinks__sentinel_keys:
                            data__sinks__sentinel_keys.remove("resource_group")
                            data__sinks__sentinel__resourcegroup = data__sinks__sentinel["resource_group"]
                            if not isinstance(data__sinks__sentinel__resourcegroup, (str)):
                                raise Invalid
                            try:
                                if isinstance(data__sinks__sentinel__resourcegroup, str):
                                    if not REGEX_PATTERNS['\\n'].search(data__sinks__sentinel__resourcegroup):
                                        raise Invalid
                            except Invalid: pass
                            else:
                                raise Invalid
                            if isinstance(data__sinks__sentinel__resourcegroup, str):
                                data__sinks__sentinel__resourcegroup_len = len(data__sinks__sentinel__resourcegroup)
                                if data__sinks__sentinel__resourcegroup_len < 1:
                                    raise Invalid
                                if data__sinks__sentinel__resourcegroup_len > 128:
                                    raise Invalid
                                if not REGEX_PATTERNS['^[A-Za-z0-9_(.-]*[A-Za-z0-9_()-]$'].search(data__sinks__sentinel__resourcegroup):
                                    raise Invalid
                        if "workspace" in data__sinks__sentinel_keys:
                            data__sinks__sentinel_keys.remove("workspace")
                            data__sinks__sentinel__workspace = data__sinks__sentinel["workspace"]
                            if not isinstance(data__sinks__sentinel__workspace, (str)):
                                raise Invalid
                            try:
                                if isinstance(data__sinks__sentinel__workspace, str):
                                    if not REGEX_PATTERNS['\\n'].search(data__sinks__sentinel__workspace):
                                        raise Invalid
                            except Invalid: pass
                            else:
                                raise Invalid
                            if isinstance(data__sinks__sentinel__workspace, str):
                                data__sinks__sentinel__workspace_len = len(data__sinks__sentinel__workspace)
                                if data__sinks__sentinel__workspace_len < 1:
                                    raise Invalid
                                if data__sinks__sentinel__workspace_len > 128:
                                    raise Invalid
                                if not REGEX_PATTERNS['^[A-Za-z0-9_(.-]*[A-Za-z0-9_()-]$'].search(data__sinks__sentinel__workspace):
                                    raise Invalid
                        if data__sinks__sentinel_keys:
                            raise Invalid
                if "graph" in data__sinks_keys:
                    data__sinks_keys.remove("graph")
                    data__sinks__graph = data__sinks["graph"]
                    if not isinstance(data__sinks__graph, (dict)):
                        raise Invalid
                    data__sinks__graph_is_dict = isinstance(data__sinks__graph, dict)
                    if data__sinks__graph_is_dict:
                        data__sinks__graph_keys = set(data__sinks__graph.keys())
                        if data__sinks__graph_keys:
                            raise Invalid
                if "webhook" in data__sinks_keys:
                    data__sinks_keys.remove("webhook")
                    data__sinks__webhook = data__sinks["webhook"]
                    if not isinstance(data__sinks__webhook, (dict)):
                        raise Invalid
                    data__sinks__webhook_is_dict = isinstance(data__sinks__webhook, dict)
                    if data__sinks__webhook_is_dict:
                        data__sinks__webhook_keys = set(data__sinks__webhook.keys())
                        if "url" in data__sinks__webhook_keys:
                            data__sinks__webhook_keys.remove("url")
                            data__sinks__webhook__url = data__sinks__webhook["url"]
                            if not isinstance(data__sinks__webhook__url, (str)):
                                raise Invalid
                            try:
                                if isinstance(data__sinks__webhook__url, str):
                                    if not REGEX_PATTERNS['\\n'].search(data__sinks__webhook__url):
                                        raise Invalid
                            except Invalid: pass
                            else:
                                raise Invalid
                            if isinstance(data__sinks__webhook__url, str):
                                data__sinks__webhook__url_len = len(data__sinks__webhook__url)
                                if data__sinks__webhook__url_len < 1:
                                    raise Invalid
                                if data__sinks__webhook__url_len > 4096:
                                    raise Invalid
                                if not REGEX_PATTERNS['^https?://[^/?#@]+([/?][^#]*)?$'].search(data__sinks__webhook__url):
                                    raise Invalid
                        if "secret" in data__sinks__webhook_keys:
                            data__sinks__webhook_keys.remove("secret")
                            data__sinks__webhook__secret = data__sinks__webhook["secret"]
                            if not isinstance(data__sinks__webhook__secret, (str)):
                                raise Invalid
                            if isinstance(data__sinks__webhook__secret, str):
                                data__sinks__webhook__secret_len = len(data__sinks__webhook__secret)
                                if data__sinks__webhook__secret_len < 16:
                                    raise Invalid
                                if data__sinks__webhook__secret_len > 4096:
                                    raise Invalid
                        if "secret_file" in data__sinks__webhook_keys:
                            data__sinks__webhook_keys.remove("secret_file")
                            data__sinks__webhook__secretfile = data__sinks__webhook["secret_file"]
                            if not isinstance(data__sinks__webhook__secretfile, (str)):
                                raise Invalid
                            if isinstance(data__sinks__webhook__secretfile, str):
                                data__sinks__webhook__secretfile_len = len(data__sinks__webhook__secretfile)
                                if data__sinks__webhook__secretfile_len < 1:
                                    raise Invalid
                        if data__sinks__webhook_keys:
                            raise Invalid
                if data__sinks_keys:
                    raise Invalid
        if "celery" in data_keys:
            data_keys.remove("celery")
            data__celery = data["celery"]
            if not isinstance(data__celery, (dict)):
                raise Invalid
            data__celery_is_dict = isinstance(data__celery, dict)
            if data__celery_is_dict:
                data__celery_keys = set(data__celery.keys())
                if "broker" in data__celery_keys:
                    data__celery_keys.remove("broker")
                    data__celery__broker = data__celery["broker"]
                    if not isinstance(data__celery__broker, (str)):
                        raise Invalid
                    try:
                        if isinstance(data__celery__broker, str):
                            if not REGEX_PATTERNS['\\n'].search(data__celery__broker):
                                raise Invalid
                    except Invalid: pass
                    else:
                        raise Invalid
                    if isinstance(data__celery__broker, str):
                        data__celery__broker_len = len(data__celery__broker)
                        if data__celery__broker_len < 1:
                            raise Invalid
                        if not REGEX_PATTERNS['^rediss?://.+$'].search(data__celery__broker):
                            raise Invalid
                if "results" in data__celery_keys:
                    data__celery_keys.remove("results")
                    data__celery__results = data__celery["results"]
                    if not isinstance(data__celery__results, (str)):
                        raise Invalid
                    try:
                        if isinstance(data__celery__results, str):
                            if not REGEX_PATTERNS['\\n'].search(data__celery__results):
                                raise Invalid
                    except Invalid: pass
                    else:
                        raise Invalid
                    if isinstance(data__celery__results, str):
                        data__celery__results_len = len(data__celery__results)
                        if data__celery__results_len < 1:
                            raise Invalid
                        if not REGEX_PATTERNS['^rediss?://.+$'].search(data__celery__results):
                            raise Invalid
                if "visibility_timeout" in data__celery_keys:
                    data__celery_keys.remove("visibility_timeout")
                    data__celery__visibilitytimeout = data__celery["visibility_timeout"]
                    if not isinstance(data__celery__visibilitytimeout, (int, float)) or isinstance(data__celery__visibilitytimeout, bool):
                        raise Invalid
                    if isinstance(data__celery__visibilitytimeout, (int, float)) and not isinstance(data__celery__visibilitytimeout, bool):
                        if data__celery__visibilitytimeout < 1:
                            raise Invalid
                        if data__celery__visibilitytimeout > 259200:
                            raise Invalid
                if "result_expires" in data__celery_keys:
                    data__celery_keys.remove("result_expires")
                    data__celery__resultexpires = data__celery["result_expires"]
                    if not isinstance(data__celery__resultexpires, (int)) and not (isinstance(data__celery__resultexpires, float) and data__celery__resultexpires.is_integer()) or isinstance(data__celery__resultexpires, bool):
                        raise Invalid
                    if isinstance(data__celery__resultexpires, (int, float)) and not isinstance(data__celery__resultexpires, bool):
                        if data__celery__resultexpires < 60:
                            raise Invalid
                        if data__celery__resultexpires > 2592000:
                            raise Invalid
                if data__celery_keys:
                    raise Invalid
        if "serve" in data_keys:
            data_keys.remove("serve")
            data__serve = data["serve"]
            if not isinstance(data__serve, (dict)):
                raise Invalid
            data__serve_is_dict = isinstance(data__serve, dict)
            if data__serve_is_dict:
                data__serve_keys = set(data__serve.keys())
                if "keys" in data__serve_keys:
                    data__serve_keys.remove("keys")
                    data__serve__keys = data__serve["keys"]
                    if not isinstance(data__serve__keys, (list, tuple)):
                        raise Invalid
                    data__serve__keys_is_list = isinstance(data__serve__keys, (list, tuple))
                    if data__serve__keys_is_list:
                        data__serve__keys_len = len(data__serve__keys)
                        if data__serve__keys_len > 1000:
                            raise Invalid
                        for data__serve__keys_x, data__serve__keys_item in enumerate(data__serve__keys):
                            if not isinstance(data__serve__keys_item, (dict)):
                                raise Invalid
                            data__serve__keys_item_is_dict = isinstance(data__serve__keys_item, dict)
                            if data__serve__keys_item_is_dict:
                                data__serve__keys_item__missing_keys = set(['name', 'sha256']) - data__serve__keys_item.keys()
                                if data__serve__keys_item__missing_keys:
                                    raise Invalid
                                data__serve__keys_item_keys = set(data__serve__keys_item.keys())
                                if "name" in data__serve__keys_item_keys:
                                    data__serve__keys_item_keys.remove("name")
                                    data__serve__keys_item__name = data__serve__keys_item["name"]
                                    if not isinstance(data__serve__keys_item__name, (str)):
                                        raise Invalid
                                    try:
                                        if isinstance(data__serve__keys_item__name, str):
                                            if not REGEX_PATTERNS['\\n'].search(data__serve__keys_item__name):
                                                raise Invalid
                                    except Invalid: pass
                                    else:
                                        raise Invalid
                                    if isinstance(data__serve__keys_item__name, str):
                                        data__serve__keys_item__name_len = len(data__serve__keys_item__name)
                                        if data__serve__keys_item__name_len < 1:
                                            raise Invalid
                                        if data__serve__keys_item__name_len > 64:
                                            raise Invalid
                                        if not REGEX_PATTERNS['^[A-Za-z0-9][A-Za-z0-9._-]*$'].search(data__serve__keys_item__name):
                                            raise Invalid
                                if "sha256" in data__serve__keys_item_keys:
                                    data__serve__keys_item_keys.remove("sha256")
                                    data__serve__keys_item__sha256 = data__serve__keys_item["sha256"]
                                    if not isinstance(data__serve__keys_item__sha256, (str)):
                                        raise Invalid
                                    try:
                                        if isinstance(data__serve__keys_item__sha256, str):
                                            if not REGEX_PATTERNS['\\n'].search(data__serve__keys_item__sha256):
                                                raise Invalid
                                    except Invalid: pass
                                    else:
                                        raise Invalid
                                    if isinstance(data__serve__keys_item__sha256, str):
                                        data__serve__keys_item__sha256_len = len(data__serve__keys_item__sha256)
                                        if data__serve__keys_item__sha256_len < 64:
                                            raise Invalid
                                        if data__serve__keys_item__sha256_len > 64:
                                            raise Invalid
                                        if not REGEX_PATTERNS['^[0-9a-f]{64}$'].search(data__serve__keys_item__sha256):
                                            raise Invalid
                                if "tenant" in data__serve__keys_item_keys:
                                    data__serve__keys_item_keys.remove("tenant")
                                    data__serve__keys_item__tenant = data__serve__keys_item["tenant"]
                                    if not isinstance(data__serve__keys_item__tenant, (str)):
                                        raise Invalid
                                    if isinstance(data__serve__keys_item__tenant, str):
                                        data__serve__keys_item__tenant_len = len(data__serve__keys_item__tenant)
                                        if data__serve__keys_item__tenant_len < 1:
                                            raise Invalid
                                        if data__serve__keys_item__tenant_len > 64:
                                            raise Invalid
                                if data__serve__keys_item_keys:
                                    raise Invalid
                if "entra" in data__serve_keys:
                    data__serve_keys.remove("entra")
                    data__serve__entra = data__serve["entra"]
                    if not isinstance(data__serve__entra, (dict)):
                        raise Invalid
                    data__serve__entra_is_dict = isinstance(data__serve__entra, dict)
                    if data__serve__entra_is_dict:
                        data__serve__entra__missing_keys = set(['audiences']) - data__serve__entra.keys()
                        if data__serve__entra__missing_keys:
                            raise Invalid
                        data__serve__entra_keys = set(data__serve__entra.keys())
                        if "audiences" in data__serve__entra_keys:
                            data__serve__entra_keys.remove("audiences")
                            data__serve__entra__audiences = data__serve__entra["audiences"]
                            if not isinstance(data__serve__entra__audiences, (list, tuple)):
                                raise Invalid
                            data__serve__entra__audiences_is_list = isinstance(data__serve__entra__audiences, (list, tuple))
                            if data__serve__entra__audiences_is_list:
                                data__serve__entra__audiences_len = len(data__serve__entra__audiences)
                                if data__serve__entra__audiences_len < 1:
                                    raise Invalid
                                if data__serve__entra__audiences_len > 16:
                                    raise Invalid
                                for data__serve__entra__audiences_x, data__serve__entra__audiences_item in enumerate(data__serve__entra__audiences):
                                    if not isinstance(data__serve__entra__audiences_item, (str)):
                                        raise Invalid
                                    if isinstance(data__serve__entra__audiences_item, str):
                                        data__serve__entra__audiences_item_len = len(data__serve__entra__audiences_item)
                                        if data__serve__entra__audiences_item_len < 1:
                                            raise Invalid
                                        if data__serve__entra__audiences_item_len > 512:
                                            raise Invalid
                        if "role" in data__serve__entra_keys:
                            data__serve__entra_keys.remove("role")
                            data__serve__entra__role = data__serve__entra["role"]
                            if not isinstance(data__serve__entra__role, (str)):
                                raise Invalid
                            if isinstance(data__serve__entra__role, str):
                                data__serve__entra__role_len = len(data__serve__entra__role)
                                if data__serve__entra__role_len < 1:
                                    raise Invalid
                                if data__serve__entra__role_len > 120:
                                    raise Invalid
                        if data__serve__entra_keys:
                            raise Invalid
                if "playbooks" in data__serve_keys:
                    data__serve_keys.remove("playbooks")
                    data__serve__playbooks = data__serve["playbooks"]
                    if not isinstance(data__serve__playbooks, (list, tuple)):
                        raise Invalid
                    data__serve__playbooks_is_list = isinstance(data__serve__playbooks, (list, tuple))
                    if data__serve__playbooks_is_list:
                        data__serve__playbooks_len = len(data__serve__playbooks)
                        if data__serve__playbooks_len > 100:
                            raise Invalid
                        for data__serve__playbooks_x, data__serve__playbooks_item in enumerate(data__serve__playbooks):
                            if not isinstance(data__serve__playbooks_item, (str)):
                                raise Invalid
                            if isinstance(data__serve__playbooks_item, str):
                                data__serve__playbooks_item_len = len(data__serve__playbooks_item)
                                if data__serve__playbooks_item_len < 1:
                                    raise Invalid
                if "max_concurrent" in data__serve_keys:
                    data__serve_keys.remove("max_concurrent")
                    data__serve__maxconcurrent = data__serve["max_concurrent"]
                    if not isinstance(data__serve__maxconcurrent, (int)) and not (isinstance(data__serve__maxconcurrent, float) and data__serve__maxconcurrent.is_integer()) or isinstance(data__serve__maxconcurrent, bool):
                        raise Invalid
                    if isinstance(data__serve__maxconcurrent, (int, float)) and not isinstance(data__serve__maxconcurrent, bool):
                        if data__serve__maxconcurrent < 1:
                            raise Invalid
                        if data__serve__maxconcurrent > 256:
                            raise Invalid
                if "request_seconds" in data__serve_keys:
                    data__serve_keys.remove("request_seconds")
                    data__serve__requestseconds = data__serve["request_seconds"]
                    if not isinstance(data__serve__requestseconds, (int, float)) or isinstance(data__serve__requestseconds, bool):
                        raise Invalid
                    if isinstance(data__serve__requestseconds, (int, float)) and not isinstance(data__serve__requestseconds, bool):
                        if data__serve__requestseconds > 3600:
                            raise Invalid
                        if data__serve__requestseconds <= 0:
                            raise Invalid
                if data__serve_keys:
                    raise Invalid
        if "log" in data_keys:
            data_keys.remove("log")
            data__log = data["log"]
            if not isinstance(data__log, (dict)):
                raise Invalid
            data__log_is_dict = isinstance(data__log, dict)
            if data__log_is_dict:
                data__log_keys = set(data__log.keys())
                if "level" in data__log_keys:
                    data__log_keys.remove("level")
                    data__log__level = data__log["level"]
                    if not (isinstance(data__log__level, str) and data__log__level == 'debug' or isinstance(data__log__level, str) and data__log__level == 'info' or isinstance(data__log__level, str) and data__log__level == 'warning' or isinstance(data__log__level, str) and data__log__level == 'error'):
                        raise Invalid
                if "format" in data__log_keys:
                    data__log_keys.remove("format")
                    data__log__format = data__log["format"]
                    if not (isinstance(data__log__format, str) and data__log__format == 'text' or isinstance(data__log__format, str) and data__log__format == 'json'):
                        raise Invalid
                if data__log_keys:
                    raise Invalid
        if "tenants" in data_keys:
            data_keys.remove("tenants")
            data__tenants = data["tenants"]
            if not isinstance(data__tenants, (dict)):
                raise Invalid
            data__tenants_is_dict = isinstance(data__tenants, dict)
            if data__tenants_is_dict:
                data__tenants_len = len(data__tenants)
                if data__tenants_len < 1:
                    raise Invalid
                data__tenants_keys = set(data__tenants.keys())
                for data__tenants_key in data__tenants_keys:
                    if data__tenants_key not in []:
                        data__tenants_value = data__tenants.get(data__tenants_key)
                        if not isinstance(data__tenants_value, (dict)):
                            raise Invalid
                if data__tenants_len != 0:
                    data__tenants_property_names = True
                    for data__tenants_key in data__tenants:
                        try:
                            if not isinstance(data__tenants_key, (str)):
                                raise Invalid
                            try:
                                if isinstance(data__tenants_key, str):
                                    if not REGEX_PATTERNS['\\n'].search(data__tenants_key):
                                        raise Invalid
                            except Invalid: pass
                            else:
                                raise Invalid
                            if isinstance(data__tenants_key, str):
                                data__tenants_key_len = len(data__tenants_key)
                                if data__tenants_key_len > 64:
                                    raise Invalid
                                if not REGEX_PATTERNS['^[a-z0-9][a-z0-9_-]*$'].search(data__tenants_key):
                                    raise Invalid
                        except Invalid:
                            data__tenants_property_names = False
                    if not data__tenants_property_names:
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
