//! DescribeInstances of a thousand. What the server does for it is measured and not a thousand machines, which would take
//! the processors from it: in a cloud of somebody who has none, instances wait.

use std::error::Error;
use std::time::Duration;

use crate::ask::{success, timed};
use crate::cloud::Cloud;
use crate::instances::{ec2, within};
use crate::message::Maker;

/// RunInstances of so many, this often.
const LAUNCHES: (usize, usize) = (5, 200);
/// Until nothing is left to do for the launches.
const SETTLING: Duration = Duration::from_secs(2);
/// Until whoever follows a change has seen it.
const PAUSE: Duration = Duration::from_millis(300);
const TIMES: usize = 15;

/// Median times from the request to the beginning of the answer, which is made whole before it is sent.
pub struct Described {
    /// After a record of EC2's has changed.
    pub changed: Duration,
    /// While none has.
    pub unchanged: Duration,
}

/// Describes all of them again and again, with and without changes between.
pub fn measure(program: &str) -> Result<Described, Box<dyn Error>> {
    let cloud = Cloud::start_as_nobody(program)?;
    let maker = Maker::root(cloud.address);
    let images = ec2(maker, "Action=DescribeImages&Owner.1=amazon")?;
    let image = within(&images, "imageId")?;
    let (launches, each) = LAUNCHES;
    for _ in 0..launches {
        let form = format!("Action=RunInstances&ImageId={image}&InstanceType=t3.nano&MinCount={each}&MaxCount={each}");
        ec2(maker, &form)?;
    }
    std::thread::sleep(SETTLING);
    let vpcs = ec2(maker, "Action=DescribeVpcs")?;
    let vpc = within(&vpcs, "vpcId")?;
    let time = || -> Result<Duration, Box<dyn Error>> {
        let request = maker.query("ec2", "Action=DescribeInstances&Version=2016-11-15");
        let (taken, answer) = timed(cloud.address, &request)?;
        match String::from_utf8_lossy(&success(answer)?).matches("<instanceId>").count() {
            found if found < launches * each => Err(format!("{found} instances are described").into()),
            _ => Ok(taken),
        }
    };
    let mut changed = Vec::new();
    for number in 0..TIMES {
        ec2(maker, &format!("Action=CreateTags&ResourceId.1={vpc}&Tag.1.Key=number&Tag.1.Value={number}"))?;
        std::thread::sleep(PAUSE);
        changed.push(time()?);
    }
    let unchanged = (0..TIMES).map(|_| time()).collect::<Result<Vec<_>, _>>()?;
    Ok(Described { changed: median(changed), unchanged: median(unchanged) })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
