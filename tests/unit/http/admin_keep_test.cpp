// What is kept, what goes, and whether it is whole.
#include "unit/http/admin_world.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {
namespace {

using test::AdminWorld;
using test::body;

class AdminKeep : public ::testing::Test {
  protected:
    AdminKeep() {
        AdminOptions options;
        options.purge = [this](const base::CallSid& call, std::string actor, std::string reason, auto done) {
            purged.push_back(call.str() + " " + actor + " " + reason);
            done(store::Committed{true, false, 0, set_aside});
        };
        world.routes = world.make(std::move(options));
        store::CallDetail detail;
        detail.call.call = test::sid();
        detail.call.ended_utc_ms = 1;
        world.journal.detail = detail;
    }
    net::HttpResponse post(const std::string& target, std::string_view document) {
        auto request = AdminWorld::request(target, "POST");
        request.headers.emplace_back("Content-Type", "application/json");
        request.body.assign(document);
        world.ask(request);
        world.journal.answer();
        world.journal.commit();
        world.loop.run_posted();
        return world.pending->value();
    }
    std::string path(const char* verb) const { return "/api/v1/calls/" + std::string(test::k_call_a) + "/" + verb; }

    AdminWorld world;
    std::vector<std::string> purged;
    std::int64_t set_aside = 0;
};

TEST_F(AdminKeep, AHoldIsAnAuditRowOfItsCall) {
    EXPECT_EQ(post(path("hold"), R"({"by":"Ann","why":"court order 12"})").status, 200);
    EXPECT_EQ(post(path("release"), R"({"by":"Ann","why":"closed"})").status, 200);
    const auto rows = world.journal.audits();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].action, store::k_hold);
    EXPECT_EQ(rows[0].detail, "why=court order 12");
    EXPECT_EQ(rows[0].call, test::sid());
    EXPECT_EQ(rows[1].action, store::k_release);
}

TEST_F(AdminKeep, APurgeNeedsACallThatIsOverAndNotHeld) {
    EXPECT_EQ(post(path("purge"), R"({"by":"Ann","why":"asked for"})").body, "{\"result\":\"purge\"}\n");
    EXPECT_EQ(purged, std::vector<std::string>{std::string(test::k_call_a) + " Ann asked for"});
    set_aside = 2;
    EXPECT_EQ(post(path("purge"), R"({"by":"Ann","why":"asked for"})").body, "{\"result\":\"purge\",\"set_aside\":2}\n");
    purged.pop_back();
    world.journal.detail->call.held = true;
    EXPECT_EQ(post(path("purge"), R"({"by":"Ann","why":"asked for"})").status, 409);
    world.journal.detail->call.held = false;
    world.journal.detail->call.ended_utc_ms.reset();
    EXPECT_EQ(post(path("purge"), R"({"by":"Ann","why":"asked for"})").status, 409);
    world.journal.detail = base::make_error(base::Condition::reject, "not_found");
    EXPECT_EQ(post(path("purge"), R"({"by":"Ann","why":"asked for"})").status, 404);
    EXPECT_EQ(purged.size(), 1u);
}

TEST_F(AdminKeep, EachNeedsAReasonACallAndPost) {
    for (const char* verb : {"hold", "release", "purge"}) {
        EXPECT_EQ(post(path(verb), R"({"by":"Ann"})").status, 400) << verb;
        EXPECT_EQ(post("/api/v1/calls/nobody/" + std::string(verb), R"({"why":"x"})").status, 400) << verb;
        EXPECT_EQ(post(path(verb), "[]").status, 400) << verb;
        EXPECT_EQ(world.get(path(verb))->status, 405) << verb;
    }
    EXPECT_TRUE(world.journal.audits().empty());
    EXPECT_TRUE(purged.empty());
}

TEST_F(AdminKeep, LossesAreSeenBySomebody) {
    EXPECT_EQ(post("/api/v1/losses/seen", R"({"by":"Ann"})").status, 200);
    ASSERT_EQ(world.journal.audits().size(), 1u);
    EXPECT_EQ(world.journal.audits()[0].action, store::k_losses_seen);
    EXPECT_EQ(world.journal.audits()[0].actor, "Ann");
}

TEST_F(AdminKeep, WhatABiteOfTheChainIsAskedWith) {
    for (const char* bad : {"?part=x", "?after=-1", "?limit=0", "?other=1"}) {
        EXPECT_EQ(world.get("/api/v1/verify" + std::string(bad))->status, 400) << bad;
    }
}

}  // namespace
}  // namespace holdfast::http
