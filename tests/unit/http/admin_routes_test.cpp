#include "unit/http/admin_world.hpp"

#include "config/limits.hpp"
#include "metrics/catalog.hpp"

#include <gtest/gtest.h>

namespace holdfast::http {
namespace {

using test::AdminWorld;
using test::body;
using test::field;

store::CallRow call_row(std::string_view sid = test::k_call_a) {
    store::CallRow row;
    row.call = test::sid(sid);
    row.started_utc_ms = 1000;
    row.status = "streaming";
    row.rung = "openai";
    row.decision = "admitted";
    row.from = store::Text("+15550100");
    row.to = store::Text("+15550199");
    return row;
}

store::UtteranceRow utterance(std::int64_t seq, std::string text) {
    store::UtteranceRow row;
    row.seq = seq;
    row.utterance.text = store::Text(std::move(text));
    return row;
}

TEST(AdminRoutes, HealthzSaysThatTheProcessLives) {
    AdminWorld world;
    world.status.ready = false;
    const auto answer = world.get("/healthz");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "ok\n");
}

TEST(AdminRoutes, ReadyzNamesEveryPart) {
    AdminWorld world;
    const auto answer = world.get("/readyz");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    const auto document = body(*answer);
    EXPECT_EQ(document["ready"], true);
    EXPECT_EQ(document["degraded"], false);
    for (const char* part :
         {"front_door", "prompts", "store", "voice", "certificate", "sync", "configuration", "draining"}) {
        EXPECT_EQ(document["parts"][part]["state"], "ok") << part;
    }
}

TEST(AdminRoutes, M01_ReadyzSaysWhenTheAgencysDatabaseIsFarBehindOrRefuses) {
    AdminWorld world;
    const auto sync = [&world] {
        for (const auto& part : parts_of(world.status, test::FakeLoop::k_epoch_utc_ms)) {
            if (part.name == "sync") return std::string(to_string(part.state)) + " " + part.detail;
        }
        return std::string();
    };
    EXPECT_EQ(sync(), "ok off");
    world.status.sync.state = "behind";
    world.status.sync.reason = "unreachable";
    world.status.sync.oldest_utc_ms = test::FakeLoop::k_epoch_utc_ms - 3'599'000;
    EXPECT_EQ(sync(), "ok unreachable");
    world.status.sync.oldest_utc_ms = test::FakeLoop::k_epoch_utc_ms - 3'601'000;
    EXPECT_EQ(sync(), "degraded unreachable");
    world.status.sync = {};
    world.status.sync.state = "not_allowed";
    world.status.sync.reason = "log_in";
    EXPECT_EQ(sync(), "degraded log_in");
    world.status.sync.state = "good";
    world.status.sync.rows_refused = 1;
    EXPECT_EQ(sync(), "degraded refused_documents");
    world.status.sync.rows_refused = 0;
    world.status.sync.reason.clear();
    world.status.sync.audio.state = "behind";
    EXPECT_EQ(sync(), "ok good") << "sound takes as long as the line lets it";
    world.status.sync.audio.state = "not_allowed";
    EXPECT_EQ(sync(), "degraded audio_not_allowed");
    world.status.sync.audio.refused = 1;
    EXPECT_EQ(sync(), "degraded refused_documents");
    decide_ready(world.status, world.loop.utc_ms());
    EXPECT_TRUE(world.status.ready) << "callers are served all the same";
}

TEST(AdminRoutes, A07_WhoAskedForAReloadSeesHowItWent) {
    AdminWorld world;
    const auto configuration = [&world] {
        const auto part = body(*world.get("/readyz"))["parts"]["configuration"];
        return part["state"].get<std::string>() + " " + part["detail"].get<std::string>();
    };
    EXPECT_EQ(configuration(), "ok good");
    EXPECT_EQ(body(*world.get("/api/v1/status"))["reload"],
              (nlohmann::json{{"utc_ms", nullptr}, {"result", "never"}, {"problem", ""}, {"problems", 0}, {"needs_restart", nlohmann::json::array()}}));
    world.status.reload = {1'000, "ok", "", 0, {"store.path"}};
    EXPECT_EQ(configuration(), "degraded restart_needed");
    world.status.reload.result = "rejected";
    world.status.reload.problem = "h.yaml:1:1: wrong";
    world.status.reload.problems = 2;
    EXPECT_EQ(configuration(), "degraded rejected");
    EXPECT_EQ(body(*world.get("/api/v1/status"))["reload"],
              (nlohmann::json{{"utc_ms", 1'000}, {"result", "rejected"}, {"problem", "h.yaml:1:1: wrong"}, {"problems", 2}, {"needs_restart", {"store.path"}}}));
    world.status.reload = {2'000, "ok", "", 0, {}};
    EXPECT_EQ(configuration(), "ok good");
    decide_ready(world.status, world.loop.utc_ms());
    EXPECT_TRUE(world.status.ready);
}

TEST(AdminRoutes, ReadyzIs503WithTheReasonWhenAPartIsDown) {
    AdminWorld world;
    world.status.prompts_loaded = 0;
    world.status.draining = true;
    decide_ready(world.status, world.loop.utc_ms());
    const auto answer = world.get("/readyz");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(body(*answer)["reasons"], (nlohmann::json{"prompts", "draining"}));
    EXPECT_EQ(body(*answer)["parts"]["prompts"]["state"], "down");
}

TEST(Readiness, AFailedStoreAndASilentProviderDegradeOnly) {
    auto status = test::good_status();
    status.store.health = store::StoreHealth::failed;
    status.store.reason = "full";
    status.voice.state = "failing";
    decide_ready(status, test::FakeLoop::k_epoch_utc_ms);
    EXPECT_TRUE(status.ready);
    const auto parts = parts_of(status, test::FakeLoop::k_epoch_utc_ms);
    EXPECT_EQ(parts[2].state, PartState::degraded);
    EXPECT_EQ(parts[2].detail, "full");
    EXPECT_EQ(parts[5].state, PartState::degraded);
}

TEST(Readiness, D01_D16_WhatIsLostOrCannotBeReadOrHasNoRoomIsDegraded) {
    auto status = test::good_status();
    const auto part = [&status](std::size_t i) { return parts_of(status, test::FakeLoop::k_epoch_utc_ms)[i]; };
    EXPECT_EQ(part(3).state, PartState::ok);
    EXPECT_EQ(part(4).state, PartState::ok);
    status.store.losses = 2;
    status.store.loss = "salvage";
    EXPECT_EQ(part(3).state, PartState::degraded);
    EXPECT_EQ(part(3).detail, "salvage");
    status.store.encryption = "on";
    EXPECT_EQ(part(4).state, PartState::ok);
    status.store.keys_unreadable = 3;
    EXPECT_EQ(part(4).state, PartState::degraded);
    EXPECT_EQ(part(4).detail, "keys_unreadable");
    status.store.encryption = "key_missing";
    EXPECT_EQ(part(4).state, PartState::degraded);
    EXPECT_EQ(part(4).detail, "key_missing");
    status.store.total_bytes = 1000;
    for (const auto& [free, detail] : {std::pair{200, "good"}, {199, "disk_filling"}, {49, "disk_nearly_full"}}) {
        status.store.free_bytes = free;
        EXPECT_EQ(part(2).detail, detail) << free;
    }
    decide_ready(status, test::FakeLoop::k_epoch_utc_ms);
    EXPECT_TRUE(status.ready) << "callers are served all the same";
}

TEST(Readiness, AnExpiredCertificateIsDownAndAnOldOneDegraded) {
    auto status = test::good_status();
    const auto now_ms = test::FakeLoop::k_epoch_utc_ms;
    status.public_.tls = true;
    status.public_.certificate_not_after_utc_s = now_ms / 1000 + 3600;
    EXPECT_EQ(parts_of(status, now_ms)[6].detail, "expires_soon");
    status.public_.certificate_not_after_utc_s = now_ms / 1000;
    decide_ready(status, now_ms);
    EXPECT_EQ(status.reasons, std::vector<std::string>{"certificate"});
}

TEST(Readiness, AClosedFrontDoorIsDown) {
    auto status = test::good_status();
    status.public_.port = 0;
    decide_ready(status, test::FakeLoop::k_epoch_utc_ms);
    EXPECT_EQ(status.reasons, std::vector<std::string>{"front_door"});
}

TEST(AdminRoutes, MetricsAreInPrometheusTextFormat) {
    AdminWorld world;
    const auto answer = world.get("/metrics");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_NE(answer->body.find("# TYPE holdfast_calls_total counter"), std::string::npos);
}

TEST(AdminRoutes, IndexNamesTheRoutes) {
    AdminWorld world;
    const auto answer = world.get("/");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    for (const char* path :
         {"/healthz", "/readyz", "/metrics", "/api/v1/calls", "/api/v1/events"}) {
        EXPECT_NE(answer->body.find(path), std::string::npos) << path;
    }
}

TEST(AdminRoutes, StatusTellsTheWholeSnapshot) {
    AdminWorld world;
    const auto answer = world.get("/api/v1/status");
    ASSERT_TRUE(answer);
    const auto document = body(*answer);
    EXPECT_EQ(document["version"], "0.1.0");
    EXPECT_EQ(document["calls"]["active"], 1);
    EXPECT_EQ(document["calls"]["max"], 50);
    EXPECT_EQ(document["store"]["health"], "good");
    EXPECT_EQ(document["voice"]["state"], "ok");
    ASSERT_EQ(document["rungs"].size(), 1u);
    EXPECT_EQ(document["rungs"][0]["rung"], "openai");
    EXPECT_EQ(document["rungs"][0]["state"], "good");
    EXPECT_EQ(document["public"]["port"], 8443);
    EXPECT_TRUE(document["public"]["certificate_not_after_utc_s"].is_null());
}

TEST(AdminRoutes, CallsPassTheQueryToTheJournalAndShowNoNumbers) {
    AdminWorld world;
    world.journal.list = store::CallList{{call_row(test::k_call_b), call_row()}};
    const auto answer = world.fetch("/api/v1/calls?limit=2&before=99&active=true");
    EXPECT_EQ(answer.status, 200);
    ASSERT_EQ(world.journal.queries.size(), 1u);
    EXPECT_EQ(world.journal.queries[0].limit, 2);
    EXPECT_EQ(world.journal.queries[0].before_utc_ms, 99);
    EXPECT_TRUE(world.journal.queries[0].active_only);
    const auto document = body(answer);
    ASSERT_EQ(document["calls"].size(), 2u);
    EXPECT_EQ(document["calls"][0]["call"], test::k_call_b);
    EXPECT_TRUE(document["calls"][0]["ended_utc_ms"].is_null());
    EXPECT_EQ(answer.body.find("5550"), std::string::npos);
}

TEST(AdminRoutes, CallsHaveDefaults) {
    AdminWorld world;
    world.fetch("/api/v1/calls");
    EXPECT_EQ(world.journal.queries.at(0).limit, 50);
    EXPECT_FALSE(world.journal.queries.at(0).before_utc_ms);
    EXPECT_FALSE(world.journal.queries.at(0).active_only);
}

TEST(AdminRoutes, BadQueriesAre400AndNeverReachTheJournal) {
    AdminWorld world;
    for (const char* target :
         {"/api/v1/calls?limit=0", "/api/v1/calls?limit=1001", "/api/v1/calls?limit=-1",
          "/api/v1/calls?limit=5&limit=6", "/api/v1/calls?before=yesterday",
          "/api/v1/calls?active=1", "/api/v1/calls?active=", "/api/v1/calls?colour=red",
          "/api/v1/status?x=1", "/api/v1/calls/CA0000000000000000000000000000000a?verbose=1"}) {
        const auto answer = world.get(target);
        ASSERT_TRUE(answer) << target;
        EXPECT_EQ(answer->status, 400) << target;
        EXPECT_EQ(body(*answer)["error"]["code"], "bad_query") << target;
    }
    EXPECT_TRUE(world.journal.queries.empty());
    EXPECT_FALSE(world.journal.asked);
}

TEST(AdminRoutes, OneCallShowsItsUtterancesInOrderOfSeq) {
    AdminWorld world;
    store::CallDetail detail;
    detail.call = call_row();
    detail.utterances = {utterance(7, "second"), utterance(3, "first")};
    detail.utterances[0].utterance.speaker = store::Speaker::voice;
    detail.utterances[0].utterance.interrupted = true;
    detail.utterances[0].utterance.played_ms = 1200;
    detail.utterances[0].utterance.total_ms = 3400;
    detail.seams.push_back(
        {5, store::Seam{detail.call.call, 1, 2, "gap", "openai", "openai", "late"}});
    detail.audit.push_back({9, store::Audit{1, "twilio", "start", "", detail.call.call}});
    detail.utterances[1].utterance.deferred = true;
    detail.recordings.push_back(
        {8, store::Recording{detail.call.call, 1, 250, "a.wav", "ab12", 60'000, 40, "both", "canned"}});
    detail.facts.push_back({10, store::Fact{detail.call.call, 1, 40, "place", "caller", store::Text("12 34 Oak Street"),
                                            store::Text("1234 OAK ST"), "address", true, false, 90, "item", 3, 19}});
    detail.incidents.push_back({11, store::Incident{detail.call.call, 1, 50, 1, "FSTRU", "TRAUMA", 1,
                                                    store::Text("1234 OAK ST"), "address", true, false, 2}});
    detail.dispatches.push_back({12, store::Dispatch{detail.call.call, 1, 50, 1, "proposed", "place_and_type", "FSTRU", 1,
                                                     store::Text("1234 OAK ST"), false, "daemon", ""}});
    world.journal.detail = detail;

    const auto answer = world.fetch(std::string("/api/v1/calls/") + test::k_call_a);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(world.journal.asked, test::sid());
    const auto document = body(answer);
    EXPECT_EQ(document["call"]["from"], "+15550100");
    ASSERT_EQ(document["utterances"].size(), 2u);
    EXPECT_EQ(document["utterances"][0]["text"], "first");
    EXPECT_TRUE(document["utterances"][0]["played_ms"].is_null());
    EXPECT_EQ(document["utterances"][1]["speaker"], "voice");
    EXPECT_EQ(document["utterances"][1]["played_ms"], 1200);
    EXPECT_EQ(document["seams"][0]["kind"], "gap");
    EXPECT_EQ(document["audit"][0]["action"], "start");
    EXPECT_EQ(document["utterances"][0]["deferred"], true);
    EXPECT_EQ(document["utterances"][1]["deferred"], false);
    EXPECT_EQ(document["recordings"],
              nlohmann::json::parse(R"([{"seq": 8, "utc_ms": 1, "offset_ms": 250, "path": "a.wav",
                  "sha256": "ab12", "duration_ms": 60000, "lost_ms": 40, "legs": "both",
                  "class": "canned"}])"));
    EXPECT_EQ(document["facts"], nlohmann::json::parse(R"([{"seq": 10, "utc_ms": 1, "offset_ms": 40, "slot": "place",
                  "source": "caller", "value": "12 34 Oak Street", "normal": "1234 OAK ST", "kind": "address",
                  "known": true, "denied": false, "confidence": 90, "turn": "item", "begin": 3, "end": 19}])"));
    EXPECT_EQ(document["incidents"], nlohmann::json::parse(R"([{"seq": 11, "utc_ms": 1, "offset_ms": 50, "rev": 1,
                  "type": "FSTRU", "also": "TRAUMA", "priority": 1, "place": "1234 OAK ST", "place_kind": "address",
                  "place_known": true, "differ": false, "questions": 2}])"));
    EXPECT_EQ(document["dispatches"], nlohmann::json::parse(R"([{"seq": 12, "utc_ms": 1, "offset_ms": 50, "number": 1,
                  "state": "proposed", "rule": "place_and_type", "type": "FSTRU", "priority": 1, "place": "1234 OAK ST",
                  "incomplete": false, "actor": "daemon", "reason": ""}])"));
}

TEST(AdminRoutes, StoredTextThatIsNotUtf8IsReplacedAndMarkupStaysText) {
    AdminWorld world;
    store::CallDetail detail;
    detail.call = call_row();
    detail.utterances = {utterance(1, "\xff<script>\x1b[31m\r\n\"")};
    world.journal.detail = detail;
    const auto answer = world.fetch(std::string("/api/v1/calls/") + test::k_call_a);
    EXPECT_EQ(body(answer)["utterances"][0]["text"], "\xef\xbf\xbd<script>\x1b[31m\r\n\"");
    EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
    EXPECT_EQ(field(answer, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.body.find('\x1b'), std::string::npos);
}

TEST(AdminRoutes, AnUnknownCallIs404AndAMalformedSid400) {
    AdminWorld world;
    world.journal.detail = base::make_error(base::Condition::reject, "not_found");
    const auto unknown = world.fetch(std::string("/api/v1/calls/") + test::k_call_a);
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(body(unknown)["error"]["code"], "not_found");
    EXPECT_EQ(world.get("/api/v1/calls/CA1")->status, 400);
    EXPECT_EQ(world.get("/api/v1/calls/%2e%2e")->status, 400);
}

TEST(AdminRoutes, AViewOfACallIsAuditedOnceAMinute) {
    AdminWorld world;
    store::CallDetail detail;
    detail.call = call_row();
    world.journal.detail = detail;
    const std::string target = std::string("/api/v1/calls/") + test::k_call_a;
    world.fetch(target);
    world.fetch(target);
    ASSERT_EQ(world.journal.audits().size(), 1u);
    EXPECT_EQ(world.journal.audits()[0].action, "view_call");
    EXPECT_EQ(world.journal.audits()[0].actor, "admin");
    EXPECT_EQ(world.journal.audits()[0].call, test::sid());
    world.loop.advance(limits::admin_view_again);
    world.fetch(target);
    EXPECT_EQ(world.journal.audits().size(), 2u);
}

TEST(AdminRoutes, AJournalThatCannotReadIs503) {
    AdminWorld world;
    world.journal.list = base::make_error(base::Condition::retry, "io");
    const auto answer = world.fetch("/api/v1/calls");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(body(answer)["error"]["code"], "store_unavailable");
}

TEST(AdminRoutes, AJournalThatIsSilentForFiveSecondsIs503AndItsLateAnswerIsIgnored) {
    AdminWorld world;
    EXPECT_FALSE(world.get("/api/v1/calls"));
    world.loop.advance(limits::admin_read_timeout - std::chrono::milliseconds(1));
    EXPECT_FALSE(world.pending->has_value());
    world.loop.advance(std::chrono::milliseconds(1));
    ASSERT_TRUE(world.pending->has_value());
    EXPECT_EQ((*world.pending)->status, 503);
    EXPECT_EQ(body(**world.pending)["error"]["code"], "timeout");
    world.pending->reset();
    world.journal.answer();
    world.loop.run_posted();
    EXPECT_FALSE(world.pending->has_value());
    EXPECT_EQ(world.loop.timers_waiting(), 0u);
}

// A daemon whose media loop answers `result`; the calls it was asked about.
http::AdminOptions transferring(call::Transfer result, std::vector<std::string>& asked) {
    http::AdminOptions options;
    options.transfer = [result, &asked](const base::CallSid& sid, const auto& answered) {
        asked.push_back(sid.str());
        answered(result);
    };
    return options;
}

net::HttpRequest transfer_request(std::string_view sid = test::k_call_a) {
    auto request = AdminWorld::request("/api/v1/calls/" + std::string(sid) + "/transfer", "POST");
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = "{}";
    return request;
}

TEST(AdminRoutes, ATransferIsAuditedAndHandedToTheMediaLoop) {
    AdminWorld world;
    std::vector<std::string> asked;
    world.routes = world.make(transferring(call::Transfer::asked, asked));
    world.ask(transfer_request());
    world.loop.run_posted();
    ASSERT_TRUE(world.pending->has_value());
    EXPECT_EQ((*world.pending)->status, 202);
    EXPECT_EQ(body(**world.pending)["transfer"], "asked");
    EXPECT_EQ(asked, std::vector<std::string>{test::k_call_a});
    const auto audits = world.journal.audits();
    ASSERT_EQ(audits.size(), 1u);
    EXPECT_EQ(audits[0].action, "transfer");
    EXPECT_EQ(audits[0].call->str(), test::k_call_a);
}

TEST(AdminRoutes, ATransferThatCannotBeSaysWhy) {
    const std::vector<std::tuple<call::Transfer, int, std::string>> expected{
        {call::Transfer::unknown_call, 404, "not_found"},
        {call::Transfer::not_started, 409, "not_started"},
        {call::Transfer::with_person, 409, "with_person"}};
    for (const auto& [result, status, code] : expected) {
        AdminWorld world;
        std::vector<std::string> asked;
        world.routes = world.make(transferring(result, asked));
        world.ask(transfer_request());
        world.loop.run_posted();
        ASSERT_TRUE(world.pending->has_value()) << code;
        EXPECT_EQ((*world.pending)->status, status);
        EXPECT_EQ(body(**world.pending)["error"]["code"], code);
    }
}

TEST(AdminRoutes, APageOfAnotherOriginTransfersNothing) {
    AdminWorld world;
    std::vector<std::string> asked;
    world.routes = world.make(transferring(call::Transfer::asked, asked));
    auto form = transfer_request();
    form.headers.back().second = "text/plain";  // all that a page may send without asking first
    EXPECT_EQ(world.ask(form)->status, 415);
    auto foreign = transfer_request();
    foreign.headers.emplace_back("Origin", "http://elsewhere.example");
    EXPECT_EQ(world.ask(foreign)->status, 403);
    auto rebound = transfer_request();
    rebound.headers.front().second = "elsewhere.example";
    EXPECT_EQ(world.ask(rebound)->status, 403);
    EXPECT_EQ(world.ask(transfer_request("CA1"))->status, 400);
    auto wrong_method = transfer_request();
    wrong_method.method = "GET";
    const auto refused = world.ask(wrong_method);
    EXPECT_EQ(refused->status, 405);
    EXPECT_EQ(field(*refused, "Allow"), "POST");
    EXPECT_TRUE(asked.empty());
    EXPECT_TRUE(world.journal.audits().empty());
}

TEST(AdminRoutes, AMediaLoopThatIsSilentForFiveSecondsIs503) {
    AdminWorld world;
    http::AdminOptions options;
    options.transfer = [](const base::CallSid&, const auto&) {};
    world.routes = world.make(options);
    EXPECT_FALSE(world.ask(transfer_request()));
    world.loop.advance(limits::admin_read_timeout);
    ASSERT_TRUE(world.pending->has_value());
    EXPECT_EQ((*world.pending)->status, 503);
}

TEST(AdminRoutes, AnAnswerAfterTheRoutesAreGoneTouchesNothing) {
    AdminWorld world;
    EXPECT_FALSE(world.get("/api/v1/calls"));
    world.routes.reset();
    world.journal.answer();
    world.loop.run_posted();
    EXPECT_FALSE(world.pending->has_value());
    EXPECT_EQ(world.loop.timers_waiting(), 0u);
}

TEST(AdminRoutes, TheJournalsAnswerIsGivenOnTheAdminLoopOnly) {
    AdminWorld world;
    EXPECT_FALSE(world.get("/api/v1/calls"));
    world.journal.answer();
    EXPECT_FALSE(world.pending->has_value());
    world.loop.run_posted();
    EXPECT_TRUE(world.pending->has_value());
}

TEST(AdminRoutes, UnknownPathsAre404) {
    AdminWorld world;
    for (const char* target :
         {"/x", "/api/v1", "/api/v1/calls/", "/api/v1/calls/a/b", "/healthz/", ""}) {
        const auto answer = world.get(target);
        ASSERT_TRUE(answer) << target;
        EXPECT_EQ(answer->status, 404) << target;
        EXPECT_EQ(body(*answer)["error"]["code"], "not_found") << target;
    }
}

TEST(AdminRoutes, OtherMethodsAre405WithAllow) {
    AdminWorld world;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
        for (const char* target : {"/", "/healthz", "/api/v1/calls", "/api/v1/events"}) {
            const auto answer = world.ask(AdminWorld::request(target, method));
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->status, 405) << method << target;
            EXPECT_EQ(field(*answer, "Allow"), "GET, HEAD");
        }
    }
}

TEST(AdminRoutes, HeadAnswersLikeGet) {
    AdminWorld world;
    for (const char* target : {"/healthz", "/readyz", "/api/v1/status", "/metrics", "/"}) {
        const auto answer = world.ask(AdminWorld::request(target, "HEAD"));
        ASSERT_TRUE(answer) << target;
        EXPECT_EQ(answer->status, 200) << target;
        EXPECT_FALSE(answer->content_type.empty()) << target;
    }
}

TEST(AdminRoutes, NothingMayBeCached) {
    AdminWorld world;
    for (const char* target : {"/healthz", "/metrics", "/api/v1/status", "/nowhere"}) {
        EXPECT_EQ(field(*world.get(target), "Cache-Control"), "no-store") << target;
    }
}

TEST(AdminRoutes, EventsWithoutUpgradeIs426) {
    AdminWorld world;
    const auto answer = world.get("/api/v1/events");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 426);
    EXPECT_EQ(field(*answer, "Upgrade"), "websocket");
}

TEST(AdminRoutes, OnLoopbackOnlyLoopbackHostsAreServed) {
    AdminWorld world;
    const auto status_with = [&world](std::string_view host) {
        auto request = AdminWorld::request("/healthz");
        request.headers = {{"Host", std::string(host)}};
        return world.ask(request)->status;
    };
    for (const char* good :
         {"127.0.0.1", "127.0.0.1:8911", "localhost", "LOCALHOST:80", "[::1]", "[::1]:8911"}) {
        EXPECT_EQ(status_with(good), 200) << good;
    }
    for (const char* bad :
         {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8911",
          "127.0.0.1/x", "user@127.0.0.1", "10.0.0.1:8911", "::1"}) {
        EXPECT_EQ(status_with(bad), 403) << bad;
    }
    http::AdminOptions anywhere;
    anywhere.loopback = false;
    world.routes = world.make(anywhere);
    EXPECT_EQ(status_with("edge.psap.example"), 200);
}

TEST(AdminRoutes, AForeignHostMayNotUpgradeEither) {
    AdminWorld world;
    auto request = AdminWorld::request("/api/v1/events");
    request.upgrade = true;
    request.headers = {{"Host", "evil.example"}, {"Origin", "http://evil.example"}};
    const auto answer = world.routes->on_upgrade(request);
    EXPECT_FALSE(answer.accept);
    EXPECT_EQ(answer.refusal.status, 403);
}

TEST(AdminRoutes, APageOfAnotherOriginMayNotOpenTheFeed) {
    AdminWorld world;
    for (const char* origin :
         {"http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8911",
          "http://localhost:8911", "file://", "http://127.0.0.1"}) {
        const auto answer = world.upgrade("/api/v1/events", origin);
        EXPECT_FALSE(answer.accept) << origin;
        EXPECT_EQ(answer.refusal.status, 403) << origin;
        EXPECT_EQ(body(answer.refusal)["error"]["code"], "bad_origin") << origin;
    }
    EXPECT_TRUE(world.upgrade("/api/v1/events", "http://127.0.0.1:8911").accept);
    EXPECT_TRUE(world.upgrade("/api/v1/events").accept);
}

TEST(AdminRoutes, OtherPathsAndBadFiltersAreNotUpgraded) {
    AdminWorld world;
    EXPECT_EQ(world.upgrade("/api/v1/calls").refusal.status, 404);
    EXPECT_EQ(world.upgrade("/api/v1/events?call=CA1").refusal.status, 400);
    EXPECT_EQ(world.upgrade("/api/v1/events?since=1").refusal.status, 400);
    EXPECT_TRUE(world.upgrade(std::string("/api/v1/events?call=") + test::k_call_a).accept);
}

TEST(AdminRoutes, TheFeedIsOpenedWithAGreetingAndAnAuditRow) {
    AdminWorld world;
    const auto socket = world.reader();
    ASSERT_EQ(socket->documents().size(), 1u);
    EXPECT_EQ(
        socket->documents()[0],
        (nlohmann::json{{"v", 1}, {"kind", "hello"}, {"version", "0.1.0"}, {"site_id", "site-1"}}));
    ASSERT_EQ(world.journal.audits().size(), 1u);
    EXPECT_EQ(world.journal.audits()[0].action, "view_feed");
}

TEST(AdminRoutes, ReaderSixtyFiveIsRefused) {
    AdminWorld world;
    std::vector<std::shared_ptr<test::FakeSocket>> readers;
    for (std::size_t i = 0; i < limits::feed_clients_max; ++i) readers.push_back(world.reader());
    const auto answer = world.upgrade("/api/v1/events");
    EXPECT_FALSE(answer.accept);
    EXPECT_EQ(answer.refusal.status, 503);
    EXPECT_EQ(field(answer.refusal, "Retry-After"), "5");
    readers.front()->gone();
    EXPECT_TRUE(world.upgrade("/api/v1/events").accept);
}

}  // namespace
}  // namespace holdfast::http
