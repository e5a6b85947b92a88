def test_publish(publisher):
    r = publisher.publish()
    assert r.state == "published", r.verdict_reason
    assert r.plugin.document["latestVersion"] == "1.0.0"
