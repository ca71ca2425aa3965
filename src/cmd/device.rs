//! `kazasu device`: what the device around a reader does, told to the running service.

use anyhow::{Result, bail, ensure};
use kazasu_registration::DeviceEvent;

use super::carry_out;
use crate::cli::Device;
use crate::control::{End, Job, Request};
use crate::lines::Message;
use crate::out::Out;

pub(crate) async fn run(device: Device, out: Out) -> Result<End> {
    let Device { event, job, end, station, data } = device;
    let job = job
        .zip(end)
        .map(|(job, end)| Job { job: job.as_str().to_owned(), end: end.as_str().to_owned() });
    ensure!(
        job.is_none() || matches!(event, DeviceEvent::JobEnded(_)),
        "--job and --end tell of a job that ended: they go with job-ended alone"
    );
    let request = Request::Device { station, event: event.as_str().to_owned(), job };
    carry_out::<Message>(&data, out, request, async |folder| {
        bail!("no service runs on {}: start it with `kazasu serve`", folder.path().display())
    })
    .await
}
