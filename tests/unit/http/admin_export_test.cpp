// Giving a call away: the row first, then the call, then its sound.
#include "config/limits.hpp"
#include "unit/http/admin_world.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace holdfast::http {
namespace {

using test::AdminWorld;
using test::body;
using test::field;

constexpr char k_name[] = "CA0000000000000000000000000000000a.g1.1.wav";

struct Asked {
    std::string path;
    std::int64_t offset = 0, bytes = 0;
    std::function<void(base::Result<RecordingPart>)> answer;
};

class AdminExport : public ::testing::Test {
  protected:
    AdminExport() {
        AdminOptions options;
        options.read_recording = [this](std::string path, std::int64_t offset, std::int64_t bytes, auto answer) {
            reads.push_back({std::move(path), offset, bytes, std::move(answer)});
        };
        world.routes = world.make(std::move(options));
        store::CallDetail detail;
        detail.call.call = test::sid();
        store::RecordingRow row;
        row.recording.path = k_name;
        detail.recordings.push_back(row);
        world.journal.detail = detail;
    }

    std::optional<net::HttpResponse> post(std::string_view document, std::string_view sid = test::k_call_a) {
        auto request = AdminWorld::request("/api/v1/calls/" + std::string(sid) + "/export", "POST");
        request.headers.emplace_back("Content-Type", "application/json");
        request.body.assign(document);
        return world.ask(request);
    }
    // Everything that waits is answered.
    net::HttpResponse exported() {
        post(R"({"by":"Ann"})");
        world.journal.answer();
        world.journal.commit();
        world.journal.answer();
        world.loop.run_posted();
        return world.pending->value();
    }
    std::string id() { return body(exported())["export"]["id"]; }
    std::optional<net::HttpResponse> part(const std::string& id, std::string_view rest = "", std::string_view name = k_name) {
        return world.get("/api/v1/calls/" + std::string(test::k_call_a) + "/recordings/" + std::string(name) + "?export=" + id +
                         std::string(rest));
    }

    AdminWorld world;
    std::vector<Asked> reads;
};

TEST_F(AdminExport, GivesNothingBeforeItsRowIsOnTheDisk) {
    EXPECT_FALSE(post(R"({"by":"Ann","why":"court order"})"));
    world.journal.answer();
    world.loop.run_posted();
    EXPECT_FALSE(*world.pending);
    const auto audits = world.journal.audits();
    ASSERT_EQ(audits.size(), 1u);
    EXPECT_EQ(audits[0].actor, "Ann");
    EXPECT_EQ(audits[0].action, "export_call");
    EXPECT_EQ(audits[0].detail, "recordings=1 why=court order");
    EXPECT_EQ(audits[0].call, test::sid());
    EXPECT_EQ(audits[0].utc_ms, world.loop.utc_ms());

    world.journal.commit();
    world.journal.answer();
    world.loop.run_posted();
    ASSERT_TRUE(*world.pending);
    const auto document = body(**world.pending);
    EXPECT_EQ((*world.pending)->status, 200);
    EXPECT_EQ(document["export"]["by"], "Ann");
    EXPECT_EQ(document["export"]["why"], "court order");
    EXPECT_EQ(document["export"]["site_id"], "site-1");
    EXPECT_EQ(document["export"]["generation"], "g1");
    EXPECT_EQ(document["export"]["exported_utc_ms"], world.loop.utc_ms());
    EXPECT_EQ(document["detail"], body(world.fetch("/api/v1/calls/" + std::string(test::k_call_a))));
}

TEST_F(AdminExport, GivesNothingWhenTheRowIsNotKept) {
    world.journal.committed.durable = false;
    EXPECT_EQ(exported().status, 503);
    world.journal.committed.durable = true;
    world.journal.full = true;
    EXPECT_EQ(exported().status, 503);
    world.journal.full = false;
    world.journal.detail = base::make_error(base::Condition::retry, "store_read");
    EXPECT_EQ(exported().status, 503);
}

TEST_F(AdminExport, OfAnUnknownCallLeavesNoRow) {
    world.journal.detail = base::make_error(base::Condition::reject, "not_found");
    EXPECT_EQ(exported().status, 404);
    EXPECT_TRUE(world.journal.records.empty());
}

TEST_F(AdminExport, NeedsANameAndComesFromNoOtherPage) {
    for (const char* document : {"", "{}", R"({"by":""})", R"({"by":"\n\u001b"})", R"({"by":null})", R"({"by":7})", "[]", "{"}) {
        const auto answer = post(document);
        ASSERT_TRUE(answer) << document;
        EXPECT_EQ(answer->status, 400) << document;
    }
    EXPECT_EQ(post(R"({"by":"Ann"})", "CA1")->status, 400);
    auto request = AdminWorld::request("/api/v1/calls/" + std::string(test::k_call_a) + "/export", "POST");
    request.body = R"({"by":"Ann"})";
    EXPECT_EQ(world.ask(request)->status, 415);
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("Origin", "http://elsewhere.example");
    EXPECT_EQ(world.ask(request)->status, 403);
    request.method = "GET";
    EXPECT_EQ(world.ask(request)->status, 405);
    EXPECT_TRUE(world.journal.records.empty());
    EXPECT_TRUE(world.journal.waiting.empty());
}

TEST_F(AdminExport, ReadsAPartOfARecordingElsewhere) {
    const auto key = id();
    EXPECT_FALSE(part(key, "&offset=100&bytes=50"));
    ASSERT_EQ(reads.size(), 1u);
    EXPECT_EQ(reads[0].path, k_name);
    EXPECT_EQ(reads[0].offset, 100);
    EXPECT_EQ(reads[0].bytes, 50);
    const std::string sound("\0\xff\r\nRIFF", 8);
    reads[0].answer(RecordingPart{sound, 1234});
    EXPECT_FALSE(*world.pending) << "answers come back by a post";
    world.loop.run_posted();
    ASSERT_TRUE(*world.pending);
    EXPECT_EQ((*world.pending)->status, 200);
    EXPECT_EQ((*world.pending)->content_type, "application/octet-stream");
    EXPECT_EQ((*world.pending)->body, sound);
    EXPECT_EQ(field(**world.pending, "Holdfast-Total-Bytes"), "1234");

    part(key);
    EXPECT_EQ(reads.back().offset, 0);
    EXPECT_EQ(reads.back().bytes, static_cast<std::int64_t>(limits::admin_recording_part_bytes_max));
}

TEST_F(AdminExport, SaysWhatIsWrongWithARecording) {
    const auto key = id();
    const std::vector<std::tuple<const char*, int, const char*>> table = {{"missing", 404, "missing"},
                                                                          {"unnamed", 409, "not_finished"},
                                                                          {"range", 416, "bad_range"},
                                                                          {"busy", 503, "busy"},
                                                                          {"unreadable", 500, "unreadable"}};
    for (const auto& [code, status, said] : table) {
        part(key);
        reads.back().answer(base::make_error(base::Condition::retry, code));
        world.loop.run_posted();
        ASSERT_TRUE(*world.pending) << code;
        EXPECT_EQ((*world.pending)->status, status) << code;
        EXPECT_EQ(body(**world.pending)["error"]["code"], said);
    }
}

TEST_F(AdminExport, ADiskThatHangsIsAnsweredFor) {
    part(id());
    world.loop.advance(limits::admin_read_timeout);
    ASSERT_TRUE(*world.pending);
    EXPECT_EQ((*world.pending)->status, 503);
    reads[0].answer(RecordingPart{"late", 4});
    world.loop.run_posted();
    EXPECT_EQ((*world.pending)->status, 503);
}

TEST_F(AdminExport, SoundBelongsToOneExportOfOneCall) {
    const auto key = id();
    EXPECT_EQ(part("")->status, 400);
    EXPECT_EQ(part(std::string(32, '0'))->status, 403);
    EXPECT_EQ(world.get("/api/v1/calls/" + std::string(test::k_call_b) + "/recordings/" + k_name + "?export=" + key)->status, 403);
    EXPECT_EQ(world.get("/api/v1/calls/" + std::string(test::k_call_a) + "/recordings/" + k_name)->status, 403);
    for (const char* name : {"other.wav", "..", "../x", "a/b", "%2e%2e%2fx", "CA0000000000000000000000000000000a.g1.1.wav.part"}) {
        EXPECT_EQ(part(key, "", name)->status, 404) << name;
    }
    for (const char* rest : {"&bytes=0", "&bytes=1048577", "&bytes=-1", "&offset=-1", "&offset=x",
                             "&offset=99999999999999999999", "&x=1"}) {
        EXPECT_EQ(part(key, rest)->status, 400) << rest;
    }
    EXPECT_TRUE(reads.empty());
}

TEST_F(AdminExport, AnExportThatIsOverGivesNoSound) {
    const auto key = id();
    world.loop.advance(limits::admin_export_idle - std::chrono::seconds(1));
    EXPECT_FALSE(part(key)) << "using it keeps it";
    world.loop.advance(limits::admin_export_idle - std::chrono::seconds(1));
    EXPECT_FALSE(part(key));
    world.loop.advance(limits::admin_export_idle + std::chrono::seconds(1));
    EXPECT_EQ(part(key)->status, 403);
}

TEST_F(AdminExport, OfTooManyTheLongestUnusedGoes) {
    const auto first = id();
    const auto second = id();
    world.loop.advance(std::chrono::seconds(1));
    EXPECT_FALSE(part(first));
    for (std::size_t i = 2; i < limits::admin_exports_max; ++i) id();
    id();
    const auto refused = part(second);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 403);
    EXPECT_FALSE(part(first));
}

}  // namespace
}  // namespace holdfast::http
