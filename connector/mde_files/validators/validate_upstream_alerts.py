# mypy: ignore-errors
"""Generated from schemas/upstream_alerts.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


NoneType = type(None)

def validate(data, custom_formats={}, name_prefix=None):
    if not isinstance(data, (dict)):
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
        data__missing_keys = set(['value']) - data.keys()
        if data__missing_keys:
            raise Invalid
        data_keys = set(data.keys())
        if "value" in data_keys:
            data_keys.remove("value")
            data__value = data["value"]
            if not isinstance(data__value, (list, tuple)):
                raise Invalid
            data__value_is_list = isinstance(data__value, (list, tuple))
            if data__value_is_list:
                data__value_len = len(data__value)
                for data__value_x, data__value_item in enumerate(data__value):
                    if not isinstance(data__value_item, (dict)):
                        raise Invalid
                    data__value_item_is_dict = isinstance(data__value_item, dict)
                    if data__value_item_is_dict:
                        data__value_item_keys = set(data__value_item.keys())
                        if "id" in data__value_item_keys:
                            data__value_item_keys.remove("id")
                            data__value_item__id = data__value_item["id"]
                        if "incidentId" in data__value_item_keys:
                            data__value_item_keys.remove("incidentId")
                            data__value_item__incidentId = data__value_item["incidentId"]
                        if "investigationId" in data__value_item_keys:
                            data__value_item_keys.remove("investigationId")
                            data__value_item__investigationId = data__value_item["investigationId"]
                        if "assignedTo" in data__value_item_keys:
                            data__value_item_keys.remove("assignedTo")
                            data__value_item__assignedTo = data__value_item["assignedTo"]
                        if "severity" in data__value_item_keys:
                            data__value_item_keys.remove("severity")
                            data__value_item__severity = data__value_item["severity"]
                        if "status" in data__value_item_keys:
                            data__value_item_keys.remove("status")
                            data__value_item__status = data__value_item["status"]
                        if "classification" in data__value_item_keys:
                            data__value_item_keys.remove("classification")
                            data__value_item__classification = data__value_item["classification"]
                        if "determination" in data__value_item_keys:
                            data__value_item_keys.remove("determination")
                            data__value_item__determination = data__value_item["determination"]
                        if "investigationState" in data__value_item_keys:
                            data__value_item_keys.remove("investigationState")
                            data__value_item__investigationState = data__value_item["investigationState"]
                        if "detectionSource" in data__value_item_keys:
                            data__value_item_keys.remove("detectionSource")
                            data__value_item__detectionSource = data__value_item["detectionSource"]
                        if "detectorId" in data__value_item_keys:
                            data__value_item_keys.remove("detectorId")
                            data__value_item__detectorId = data__value_item["detectorId"]
                        if "category" in data__value_item_keys:
                            data__value_item_keys.remove("category")
                            data__value_item__category = data__value_item["category"]
                        if "threatFamilyName" in data__value_item_keys:
                            data__value_item_keys.remove("threatFamilyName")
                            data__value_item__threatFamilyName = data__value_item["threatFamilyName"]
                        if "title" in data__value_item_keys:
                            data__value_item_keys.remove("title")
                            data__value_item__title = data__value_item["title"]
                        if "description" in data__value_item_keys:
                            data__value_item_keys.remove("description")
                            data__value_item__description = data__value_item["description"]
                        if "alertCreationTime" in data__value_item_keys:
                            data__value_item_keys.remove("alertCreationTime")
                            data__value_item__alertCreationTime = data__value_item["alertCreationTime"]
                        if "firstEventTime" in data__value_item_keys:
                            data__value_item_keys.remove("firstEventTime")
                            data__value_item__firstEventTime = data__value_item["firstEventTime"]
                        if "lastEventTime" in data__value_item_keys:
                            data__value_item_keys.remove("lastEventTime")
                            data__value_item__lastEventTime = data__value_item["lastEventTime"]
                        if "lastUpdateTime" in data__value_item_keys:
                            data__value_item_keys.remove("lastUpdateTime")
                            data__value_item__lastUpdateTime = data__value_item["lastUpdateTime"]
                        if "resolvedTime" in data__value_item_keys:
                            data__value_item_keys.remove("resolvedTime")
                            data__value_item__resolvedTime = data__value_item["resolvedTime"]
                        if "machineId" in data__value_item_keys:
                            data__value_item_keys.remove("machineId")
                            data__value_item__machineId = data__value_item["machineId"]
                        if "computerDnsName" in data__value_item_keys:
                            data__value_item_keys.remove("computerDnsName")
                            data__value_item__computerDnsName = data__value_item["computerDnsName"]
                        if "rbacGroupName" in data__value_item_keys:
                            data__value_item_keys.remove("rbacGroupName")
                            data__value_item__rbacGroupName = data__value_item["rbacGroupName"]
                        if "aadTenantId" in data__value_item_keys:
                            data__value_item_keys.remove("aadTenantId")
                            data__value_item__aadTenantId = data__value_item["aadTenantId"]
                        if "relatedUser" in data__value_item_keys:
                            data__value_item_keys.remove("relatedUser")
                            data__value_item__relatedUser = data__value_item["relatedUser"]
                        if "threatName" in data__value_item_keys:
                            data__value_item_keys.remove("threatName")
                            data__value_item__threatName = data__value_item["threatName"]
                        if "mitreTechniques" in data__value_item_keys:
                            data__value_item_keys.remove("mitreTechniques")
                            data__value_item__mitreTechniques = data__value_item["mitreTechniques"]
                        if "loggedOnUsers" in data__value_item_keys:
                            data__value_item_keys.remove("loggedOnUsers")
                            data__value_item__loggedOnUsers = data__value_item["loggedOnUsers"]
                        if "comments" in data__value_item_keys:
                            data__value_item_keys.remove("comments")
                            data__value_item__comments = data__value_item["comments"]
                        if "evidence" in data__value_item_keys:
                            data__value_item_keys.remove("evidence")
                            data__value_item__evidence = data__value_item["evidence"]
                        if "domains" in data__value_item_keys:
                            data__value_item_keys.remove("domains")
                            data__value_item__domains = data__value_item["domains"]
        if "@odata.nextLink" in data_keys:
            data_keys.remove("@odata.nextLink")
            data__odatanextLink = data["@odata.nextLink"]
            if not isinstance(data__odatanextLink, (str, NoneType)):
                raise Invalid
    return data


def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
