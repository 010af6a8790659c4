//! DescribeInstances of a thousand. What the server does for it is measured and not a thousand machines, which would take
//! the processors from it: in a cloud of somebody who has none, instances wait.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::ask::succeed;
use crate::cloud::Cloud;
use crate::instances::{ec2, within};
use crate::message::Maker;

/// RunInstances of so many, this often.
const LAUNCHES: (usize, usize) = (5, 200);
/// Until nothing is left to do for the launches.
const SETTLING: Duration = Duration::from_secs(2);
const TIMES: usize = 15;

/// The median time from the request to the answer's last byte.
pub fn measure(program: &str) -> Result<Duration, Box<dyn Error>> {
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
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let request = maker.query("ec2", "Action=DescribeInstances&Version=2016-11-15");
        let begun = Instant::now();
        let described = succeed(cloud.address, &request)?;
        times.push(begun.elapsed());
        let found = String::from_utf8_lossy(&described).matches("<instanceId>").count();
        if found < launches * each {
            return Err(format!("{found} instances are described").into());
        }
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}
