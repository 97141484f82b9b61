"""The app that Splunk SOAR calls: it declares lib/mde_files_declared.py and runs lib/mde_files."""

import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from mde_files.errors import MdeFilesError
from mde_files.platforms import running
from mde_files.platforms.splunk_soar import actions, views
from mde_files_declared import (
    ACTIONS,
    APP,
    Asset,
    FileAlertsOutput,
    FileAlertsParams,
    FileAlertsSummary,
    FileStatsOutput,
    FileStatsParams,
    FileStatsSummary,
)
from soar_sdk.abstract import SOARClient
from soar_sdk.app import App
from soar_sdk.exceptions import ActionFailure, AssetMisconfiguration
from soar_sdk.logging import getLogger
from soar_sdk.models.view import ViewContext

logger = getLogger()
app = App(**APP, asset_cls=Asset)


@contextmanager
def connected(asset: Asset):
    """Give the asset's connector; whatever goes wrong becomes SOAR's own failure in one sentence."""
    try:
        with actions.connector(
            asset.model_dump(warnings=False),
            str(app.soar_client.get_asset_id()),
            app.actions_manager.get_state_dir() or "",
            lambda level, line: getattr(logger, level)(line),
        ) as connector:
            yield connector
    except ActionFailure:
        raise
    except MdeFilesError as error:
        failure = AssetMisconfiguration if actions.is_of_the_asset(error) else ActionFailure
        raise failure(running.sentence(error)) from None
    except Exception as error:  # noqa: BLE001 - the SDK would show a traceback
        raise ActionFailure(running.bug_sentence(error)) from None


def answer(action: str, params, asset: Asset, soar: SOARClient, output_class, summary_class):
    """Run an action; message and summary are SOAR's own."""
    with connected(asset) as connector:
        record = actions.output(connector, action, params.model_dump(warnings=False))
        soar.set_message(record["summary"])
        soar.set_summary(summary_class(**actions.summary(action, record)))
        return output_class(**record)


@app.test_connectivity()
def test_connectivity(asset: Asset) -> None:
    """Sign in, look at the permissions of the token, and make one call of each kind."""
    with connected(asset) as connector:
        failed = []
        for finding in actions.connectivity(connector):
            told = f"{finding.message} {finding.hint}".strip()
            logger.progress(f"{finding.status}: {told}")
            failed += [told] if finding.status == "failed" else []
        if failed:
            raise ActionFailure(failed[0])


@app.view_handler(template="file_stats.html")
def file_stats_view(context: ViewContext, outputs: list[FileStatsOutput]) -> dict:
    """Show how common files are."""
    return views.view([output.model_dump(by_alias=True) for output in outputs], context.container)


@app.action(
    **ACTIONS["file_stats"],
    view_handler=file_stats_view,
    summary_type=FileStatsSummary,
)
def file_stats(params: FileStatsParams, asset: Asset, soar: SOARClient[FileStatsSummary]) -> FileStatsOutput:
    """Run the action of this name."""
    return answer("file_stats", params, asset, soar, FileStatsOutput, FileStatsSummary)


@app.view_handler(template="file_alerts.html")
def file_alerts_view(context: ViewContext, outputs: list[FileAlertsOutput]) -> dict:
    """Show the alerts that files took part in."""
    return views.view([output.model_dump(by_alias=True) for output in outputs], context.container)


@app.action(
    **ACTIONS["file_alerts"],
    view_handler=file_alerts_view,
    summary_type=FileAlertsSummary,
)
def file_alerts(params: FileAlertsParams, asset: Asset, soar: SOARClient[FileAlertsSummary]) -> FileAlertsOutput:
    """Run the action of this name."""
    return answer("file_alerts", params, asset, soar, FileAlertsOutput, FileAlertsSummary)


if __name__ == "__main__":
    app.cli()
