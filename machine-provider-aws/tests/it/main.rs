#[path = "../moto/mod.rs"]
mod moto;

#[tokio::test]
async fn timing() {
    use machine_core::*;
    let t = std::time::Instant::now();
    for _ in 0..20 {
        let _p = machine_provider_aws::AmazonEc2::new();
    }
    println!("new {:?}", t.elapsed() / 20);
    let clock = machine_conformance::VirtualClock::default();
    let cloud = moto::Cloud::start(std::sync::Arc::new(clock.clone())).unwrap();
    let t = std::time::Instant::now();
    for _ in 0..20 {
        cloud.ask("Action=DescribeInstances").await;
    }
    println!("ask {:?}", t.elapsed() / 20);
    let t = std::time::Instant::now();
    for _ in 0..20 {
        cloud.resources().await;
    }
    println!("resources {:?}", t.elapsed() / 20);
    let p = machine_provider_aws::AmazonEc2::new();
    let scope = format!("us-east-1@{}", cloud.endpoint());
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let _ = p.find_tagged(&scope, "x").await;
        println!("tagged {:?}", t.elapsed());
    }
    let types = format!(
        "Action=DescribeInstanceTypes&Filter.1.Name=instance-type&Filter.1.Value.1=t3.micro"
    );
    for a in [
        types.as_str(),
        "Action=DescribeInstanceTypeOfferings&LocationType=availability-zone&Filter.1.Name=instance-type&Filter.1.Value.1=t3.micro",
        "Action=DescribeImages&Owner.1=099720109477",
        "Action=DescribeSubnets",
    ] {
        let t = std::time::Instant::now();
        for _ in 0..10 {
            cloud.ask(a).await;
        }
        println!("{} {:?}", &a[..30.min(a.len())], t.elapsed() / 10);
    }
}
