//! Crowds of pods: one question for all of them, and bounds on everything that they could grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll::digests::Resolution;
use plimsoll::registry::Registries;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bad::{Act, DIGEST, Server};
use crate::real::{Auth, Registry};
use crate::world::{ask, config, failure, outcomes, plain, resolver};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pods_with_one_new_tag_cause_one_request() {
    let slow = || Act::Later(Duration::from_millis(300), Box::new(Act::found()));
    let server = Server::start(move |_| slow()).await;
    let resolver = resolver(&config(vec![plain(&server.host)]));
    let mut pods = JoinSet::new();
    for _ in 0..1_000 {
        let (resolver, image) = (resolver.clone(), server.image("crowd:new"));
        pods.spawn(async move { ask(&resolver, &image).await });
    }
    let answers = pods.join_all().await;
    let digest = Resolution::Digest(DIGEST.to_owned());
    assert!(answers.len() == 1_000 && answers.iter().all(|answer| *answer == digest));
    assert_eq!(server.requests().len(), 1);
    let statistics = resolver.statistics();
    assert_eq!(statistics.cache_misses, 1);
    assert_eq!(statistics.joined + statistics.cache_hits, 999);
    assert_eq!((statistics.under_way, outcomes(&resolver, 0, "found")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_early_does_not_end_it_for_the_others() {
    let slow = || Act::Later(Duration::from_millis(400), Box::new(Act::found()));
    let server = Server::start(move |_| slow()).await;
    let (resolver, image) = (resolver(&config(vec![plain(&server.host)])), server.image("app:1"));
    let images = [image.clone()];
    let hasty = {
        let (resolver, images) = (resolver.clone(), images.clone());
        tokio::spawn(async move {
            resolver.resolve(&images, Instant::now() + Duration::from_millis(50)).await
        })
    };
    let aborted = {
        let (resolver, images) = (resolver.clone(), images.clone());
        tokio::spawn(async move {
            resolver.resolve(&images, Instant::now() + Duration::from_secs(9)).await
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    aborted.abort();
    let late = hasty.await.unwrap();
    assert!(matches!(late.get(&image), Some(Resolution::Failed(why)) if why.ends_with("in time")));
    assert_eq!(ask(&resolver, &image).await, Resolution::Digest(DIGEST.to_owned()));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_questions_at_a_time_and_a_bounded_queue() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (busy, peak) = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::start(move |_| {
        peak.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2));
        busy.fetch_sub(1, Ordering::SeqCst);
        Act::Later(Duration::from_millis(5), Box::new(Act::found()))
    })
    .await;
    let listed = Registries { concurrency: 3, ..config(vec![plain(&server.host)]) };
    let resolver = resolver(&listed);
    let images: Vec<_> = (0..1_000).map(|n| server.image(&format!("app:{n}"))).collect();
    let digests = resolver.resolve(&images, Instant::now() + resolver.timeout()).await;
    let found = |image: &&String| matches!(digests.get(image), Some(Resolution::Digest(_)));
    let answered = images.iter().filter(found).count();
    assert!((256..1_000).contains(&answered), "{answered}");
    assert!(most.load(Ordering::SeqCst) <= 3);
    assert_eq!(server.requests().len(), answered);
    assert_eq!(outcomes(&resolver, 0, "skipped"), 1_000 - answered as u64);
    let refused = digests.get(&images[999]).unwrap();
    let why = format!("{}: too many questions wait", server.host);
    assert_eq!(*refused, Resolution::Failed(why));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_is_bounded() {
    let registry = Registry::start(None, &Auth::Anybody);
    let digest = Resolution::Digest(registry.push("app:1", 1));
    let mut config = config(vec![plain(&registry.host)]);
    config.cache.entries = 10;
    let resolver = resolver(&config);
    let image = registry.image("app:1");
    assert_eq!(ask(&resolver, &image).await, digest);
    for number in 0..50 {
        failure(&resolver, &registry.image(&format!("none:{number}"))).await;
    }
    assert_eq!(resolver.statistics().cache_entries, 10);
    // Tags that are made up last for less time than the digest, and make room for each other.
    assert_eq!(ask(&resolver, &image).await, digest);
    assert_eq!(resolver.statistics().cache_hits, 1);
}
