//! Black-box tests are in tests/ec2; here is what they cannot reach: interfaces of instances without instances.

use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_door::{Caller, Cloud, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use crate::network_interface::{self, Plan};
use crate::resource::{all, get};
use crate::subnet::Subnet;

type Tested = Result<(), Fault>;

fn cloud() -> Result<Arc<Cloud>, Trouble> {
    kogumo_testkit::cloud(vec![crate::service()])
}

/// An instance as the network sees it: a first interface that somebody holds.
fn instance(cloud: &Cloud, id: &str) -> Result<String, Fault> {
    let caller = Caller::root("000000000000", "ap-northeast-1");
    let now = cloud.clock.now();
    cloud.store.write(|tx| {
        let mut w = Writer { tx, caller: &caller, now, cloud };
        let subnets = all::<Subnet>(w.store(), w.scope())?;
        let subnet = subnets.into_iter().find(|subnet| subnet.zone.ends_with('a'));
        let subnet = subnet.ok_or_else(|| Trouble::new("the default VPC has a subnet in each zone"))?;
        let mut interface = network_interface::make(&mut w, &subnet, Plan::default())?;
        network_interface::give_public_address(&mut w, &mut interface)?;
        network_interface::attach(&mut w, &mut interface, Some(id), 0, true)?;
        network_interface::set_running(&mut w, id, true)?;
        Ok::<_, Fault>(subnet.id)
    })
}

#[tokio::test]
async fn interfaces_come_to_instances_and_leave_them() -> Tested {
    let cloud = cloud()?;
    let root = kogumo_testkit::root(&cloud);
    root.call::<DescribeVpcs>(DescribeVpcsRequest::default()).await?;
    let subnet = instance(&cloud, "i-00000000000000001")?;
    let request = CreateNetworkInterfaceRequest { subnet_id: subnet, ..Default::default() };
    let made = root.call::<CreateNetworkInterface>(request).await?.network_interface.unwrap_or_default();
    let id = made.network_interface_id.unwrap_or_default();
    let attach = |instance: &str, device_index| AttachNetworkInterfaceRequest {
        instance_id: instance.to_owned(),
        network_interface_id: id.clone(),
        device_index,
        ..Default::default()
    };
    let taken = root.call::<AttachNetworkInterface>(attach("i-00000000000000001", 0)).await;
    assert!(taken.is_err_and(|fault| fault.message.contains("already has an interface attached at device index '0'")));
    let nobody = root.call::<AttachNetworkInterface>(attach("i-00000000000000002", 1)).await;
    assert!(nobody.is_err_and(|fault| fault.message.contains("does not exist")));
    let attached = root.call::<AttachNetworkInterface>(attach("i-00000000000000001", 1)).await?;
    let topology = crate::topology(&cloud.store.read(), kogumo_netmodel::Public::default())?;
    assert_eq!(topology.interfaces.values().filter(|interface| interface.is_up()).count(), 2);

    let attachment_id = attached.attachment_id.unwrap_or_default();
    let detach = DetachNetworkInterfaceRequest { attachment_id, ..Default::default() };
    root.call::<DetachNetworkInterface>(detach.clone()).await?;
    assert!(root.call::<DetachNetworkInterface>(detach).await.is_err());
    Ok(())
}

#[tokio::test]
async fn the_first_interface_stays_and_its_address_leads_to_it() -> Tested {
    let cloud = cloud()?;
    let root = kogumo_testkit::root(&cloud);
    root.call::<DescribeVpcs>(DescribeVpcsRequest::default()).await?;
    instance(&cloud, "i-00000000000000001")?;
    let found =
        root.call::<DescribeNetworkInterfaces>(Default::default()).await?.network_interfaces.unwrap_or_default();
    let attachment_id = found[0].attachment.as_ref().and_then(|held| held.attachment_id.clone()).unwrap_or_default();
    let detach = DetachNetworkInterfaceRequest { attachment_id, ..Default::default() };
    let refused = root.call::<DetachNetworkInterface>(detach).await;
    assert!(refused.is_err_and(|fault| fault.message.contains("device index 0")));

    let address = root.call::<AllocateAddress>(Default::default()).await?;
    let associate = AssociateAddressRequest {
        instance_id: Some("i-00000000000000001".into()),
        allocation_id: address.allocation_id,
        ..Default::default()
    };
    root.call::<AssociateAddress>(associate).await?;
    let scope = kogumo_base::Scope::new("000000000000", "ap-northeast-1");
    let id = found[0].network_interface_id.clone().unwrap_or_default();
    let interface: network_interface::NetworkInterface = get(&cloud.store.read(), &scope, &id)?;
    let public = interface.addresses[0].public.clone();
    assert_eq!(public.map(|public| public.address), address.public_ip, "in the place of the automatic one");
    Ok(())
}

#[tokio::test]
async fn the_projection_decides_as_the_records_say() -> Tested {
    let cloud = cloud()?;
    let root = kogumo_testkit::root(&cloud);
    root.call::<DescribeVpcs>(DescribeVpcsRequest::default()).await?;
    instance(&cloud, "i-00000000000000001")?;
    let asked = |port| crate::insights::Asked {
        source: "internet",
        source_ip: None,
        destination: Some("i-00000000000000001"),
        destination_ip: None,
        protocol: "tcp",
        port: Some(port),
        at_source: None,
        at_destination: None,
    };
    let decide = |port| {
        let topology = crate::topology(&cloud.store.read(), kogumo_netmodel::Public::default())?;
        crate::insights::follow(&topology, &asked(port)).map_err(Trouble::new)
    };
    assert_eq!(decide(22)?.cause().map(|cause| cause.code()), Some("ENI_SG_RULES_MISMATCH"));
    let groups = root.call::<DescribeSecurityGroups>(Default::default()).await?.security_groups.unwrap_or_default();
    let open = AuthorizeSecurityGroupIngressRequest {
        group_id: groups[0].group_id.clone(),
        ip_protocol: Some("tcp".into()),
        from_port: Some(22),
        to_port: Some(22),
        cidr_ip: Some("0.0.0.0/0".into()),
        ..Default::default()
    };
    root.call::<AuthorizeSecurityGroupIngress>(open).await?;
    assert!(decide(22)?.connects());
    assert!(!decide(23)?.connects());
    Ok(())
}

/// `make bench` measures the built program; this holds the shape: many instances are a few scans, and not as many look-ups
/// each. (Measured once with a thousand: 140 ms without optimisation on a busy machine.)
#[tokio::test]
async fn many_instances_are_described_at_once() -> Tested {
    let cloud = cloud()?;
    let root = kogumo_testkit::root(&cloud);
    let images = root.call::<DescribeImages>(DescribeImagesRequest::default()).await?.images.unwrap_or_default();
    let image_id = images.into_iter().find_map(|image| image.image_id);
    for _ in 0..4 {
        let request = RunInstancesRequest {
            image_id: image_id.clone(),
            instance_type: Some("t3.nano".into()),
            min_count: 50,
            max_count: 50,
            ..Default::default()
        };
        root.call::<RunInstances>(request).await?;
    }
    let mut times = Vec::new();
    for _ in 0..5 {
        let begun = std::time::Instant::now();
        let found = root.call::<DescribeInstances>(DescribeInstancesRequest::default()).await?;
        times.push(begun.elapsed());
        assert_eq!(
            found.reservations.unwrap_or_default().iter().flat_map(|one| one.instances.iter().flatten()).count(),
            200
        );
    }
    times.sort_unstable();
    println!("DescribeInstances of 200: {:?}", times[2]);
    // In optimised builds it is some milliseconds; a quadratic one would be far beyond this.
    assert!(times[2] < std::time::Duration::from_secs(1), "{times:?}");
    Ok(())
}
