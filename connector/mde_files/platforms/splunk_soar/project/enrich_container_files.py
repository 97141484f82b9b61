"""
Asks Defender for Endpoint about the file hashes of a container's artifacts, how common each file is and which alerts it took part in, and writes what it knows as a note into the container. It changes nothing else.
"""


import phantom.rules as phantom
import json
from datetime import datetime, timedelta


@phantom.playbook_block()
def on_start(container):
    phantom.debug('on_start() called')

    # call 'collect_hashes' block
    collect_hashes(container=container)

    return

@phantom.playbook_block()
def collect_hashes(action=None, success=None, container=None, results=None, handle=None, filtered_artifacts=None, filtered_results=None, custom_function=None, loop_state_json=None, **kwargs):
    phantom.debug("collect_hashes() called")

    container_artifact_data = phantom.collect2(container=container, datapath=["artifact:*.cef.fileHashSha1","artifact:*.cef.fileHashSha256","artifact:*.cef.fileHash","artifact:*.cef.fileHashMd5"])

    container_artifact_cef_item_0 = [item[0] for item in container_artifact_data]
    container_artifact_cef_item_1 = [item[1] for item in container_artifact_data]
    container_artifact_cef_item_2 = [item[2] for item in container_artifact_data]
    container_artifact_cef_item_3 = [item[3] for item in container_artifact_data]

    collect_hashes__hashes = None

    ################################################################################
    ## Custom Code Start
    ################################################################################

    # One hash for each artifact, the one that costs the fewest calls; each hash once.
    rows = zip(container_artifact_cef_item_0, container_artifact_cef_item_1, container_artifact_cef_item_2, container_artifact_cef_item_3)
    named = (next((str(value).strip().lower() for value in row if value), "") for row in rows)
    collect_hashes__hashes = list(dict.fromkeys(value for value in named if value))

    ################################################################################
    ## Custom Code End
    ################################################################################

    phantom.save_run_data(key="collect_hashes:hashes", value=json.dumps(collect_hashes__hashes))

    file_statistics(container=container)

    return


@phantom.playbook_block()
def file_statistics(action=None, success=None, container=None, results=None, handle=None, filtered_artifacts=None, filtered_results=None, custom_function=None, loop_state_json=None, **kwargs):
    phantom.debug("file_statistics() called")

    # phantom.debug('Action: {0} {1}'.format(action['name'], ('SUCCEEDED' if success else 'FAILED')))

    collect_hashes__hashes = json.loads(_ if (_ := phantom.get_run_data(key="collect_hashes:hashes")) != "" else "null")  # pylint: disable=used-before-assignment

    parameters = []

    if collect_hashes__hashes is not None:
        parameters.append({
            "file_hash": collect_hashes__hashes,
        })

    ################################################################################
    ## Custom Code Start
    ################################################################################

    # One run for each hash; without hashes there is nothing to do.
    parameters = [{"file_hash": value} for value in collect_hashes__hashes or []]
    if not parameters:
        phantom.debug("no artifact of this container has a file hash")
        return

    ################################################################################
    ## Custom Code End
    ################################################################################

    phantom.act("file stats", parameters=parameters, name="file_statistics", assets=["mde_files"], callback=file_alerts)

    return


@phantom.playbook_block()
def file_alerts(action=None, success=None, container=None, results=None, handle=None, filtered_artifacts=None, filtered_results=None, custom_function=None, loop_state_json=None, **kwargs):
    phantom.debug("file_alerts() called")

    # phantom.debug('Action: {0} {1}'.format(action['name'], ('SUCCEEDED' if success else 'FAILED')))

    collect_hashes__hashes = json.loads(_ if (_ := phantom.get_run_data(key="collect_hashes:hashes")) != "" else "null")  # pylint: disable=used-before-assignment

    parameters = []

    if collect_hashes__hashes is not None:
        parameters.append({
            "file_hash": collect_hashes__hashes,
        })

    ################################################################################
    ## Custom Code Start
    ################################################################################

    # One run for each hash.
    parameters = [{"file_hash": value} for value in collect_hashes__hashes or []]

    ################################################################################
    ## Custom Code End
    ################################################################################

    phantom.act("file alerts", parameters=parameters, name="file_alerts", assets=["mde_files"], callback=write_note)

    return


@phantom.playbook_block()
def write_note(action=None, success=None, container=None, results=None, handle=None, filtered_artifacts=None, filtered_results=None, custom_function=None, loop_state_json=None, **kwargs):
    phantom.debug("write_note() called")

    ################################################################################
    ## Custom Code Start
    ################################################################################

    # The app wrote the Markdown and made names from upstream harmless in it; messages of failed runs stand in code.
    lines, open_questions = [], []
    for block in ("file_statistics", "file_alerts"):
        for row in phantom.collect2(container=container, datapath=[block + ":action_result.data.*.markdown"]):
            lines += [row[0]] if row[0] else []
        for status, message in phantom.collect2(container=container, datapath=[block + ":action_result.status", block + ":action_result.message"]):
            if status != "success":
                open_questions.append("- `" + " ".join(str(message).replace("`", "'").split()) + "`")
    if open_questions:
        lines.append("### Open questions\n\n" + "\n".join(dict.fromkeys(open_questions)))
    if lines:
        lines.append("No alerts and low prevalence are no verdict on a file.")
        phantom.add_note(container=container, content="\n\n".join(lines), note_format="markdown", note_type="general", title="Defender for Endpoint on the files of this container")

    ################################################################################
    ## Custom Code End
    ################################################################################

    return


@phantom.playbook_block()
def on_finish(container, summary):
    phantom.debug("on_finish() called")

    return
