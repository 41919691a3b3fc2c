// Drains before a restart, and how a test call went.
#include "unit/http/admin_world.hpp"

#include "metrics/catalog.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {
namespace {

using test::AdminWorld;
using test::body;
using nlohmann::json;

class AdminDrain : public ::testing::Test {
  protected:
    AdminDrain() {
        AdminOptions options;
        options.drain.begin = [this](const std::string& by, const std::string& why,
                                     std::chrono::seconds limit) -> base::Result<DrainStatus> {
            asked.push_back(by + " " + why + " " + std::to_string(limit.count()));
            if (!refusal.empty()) return base::make_error(base::Condition::reject, refusal.c_str());
            DrainStatus status;
            status.active = true;
            status.by = by;
            status.left_ms = base::to_ms(limit);
            return status;
        };
        options.drain.end = [this](const std::string& by, const std::string& why) -> base::Result<DrainStatus> {
            asked.push_back("end " + by + " " + why);
            if (!refusal.empty()) return base::make_error(base::Condition::reject, refusal.c_str());
            return DrainStatus{};
        };
        options.selftest_told = [this](const SelftestStatus& last) { world.status.selftest = last; };
        world.routes = world.make(std::move(options));
    }
    net::HttpResponse send(std::string_view method, std::string_view target, std::string_view document) {
        auto request = AdminWorld::request(target, method);
        request.headers.emplace_back("Content-Type", "application/json");
        request.body.assign(document);
        return world.ask(request).value();
    }
    net::HttpResponse told(std::string_view document) { return send("POST", "/api/v1/selftest", document); }
    std::string part() const {
        for (const auto& each : parts_of(world.status, test::FakeLoop::k_epoch_utc_ms)) {
            if (each.name == "selftest") return std::string(to_string(each.state)) + " " + each.detail;
        }
        return {};
    }

    AdminWorld world;
    std::vector<std::string> asked;
    std::string refusal;
};

TEST_F(AdminDrain, IsAskedForAndTakenBack) {
    const auto begun = send("POST", "/api/v1/drain", R"({"by":"ann","why":"upgrade","limit_s":120})");
    EXPECT_EQ(begun.status, 200);
    EXPECT_EQ(body(begun)["draining"], true);
    EXPECT_EQ(body(begun)["drain"]["left_ms"], 120'000);
    const auto ended = send("DELETE", "/api/v1/drain", R"({"by":"bob","why":"no"})");
    EXPECT_EQ(ended.status, 200);
    EXPECT_EQ(body(ended), (json{{"draining", false}, {"drain", nullptr}}));
    EXPECT_EQ(asked, (std::vector<std::string>{"ann upgrade 120", "end bob no"}));
}

TEST_F(AdminDrain, HasALimitAlsoWhenNobodySaysOne) {
    EXPECT_EQ(send("POST", "/api/v1/drain", "{}").status, 200);
    EXPECT_EQ(asked, std::vector<std::string>{"admin  300"});
    for (const char* limit : {"-1", "3601", "\"300\"", "1.5", "null", "99999999999999999999"}) {
        const auto answer = send("POST", "/api/v1/drain", std::string("{\"limit_s\":") + limit + "}");
        EXPECT_EQ(answer.status, 400) << limit;
        EXPECT_EQ(body(answer)["error"]["code"], "bad_limit") << limit;
    }
    EXPECT_EQ(asked.size(), 1u);
}

TEST_F(AdminDrain, IsRefusedToWhoMayNotAndWhenItCannotBe) {
    EXPECT_EQ(send("GET", "/api/v1/drain", "").status, 405);
    EXPECT_EQ(world.ask(AdminWorld::request("/api/v1/drain", "POST"))->status, 415);
    EXPECT_EQ(world.ask(AdminWorld::request("/api/v1/drain", "DELETE"))->status, 415);
    EXPECT_EQ(send("POST", "/api/v1/drain", "[]").status, 400);
    EXPECT_TRUE(asked.empty());
    refusal = "not_draining";
    EXPECT_EQ(body(send("DELETE", "/api/v1/drain", "{}"))["error"]["code"], "not_draining");
    refusal = "stopping";
    const auto late = send("POST", "/api/v1/drain", "{}");
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(body(late)["error"]["code"], "stopping");
}

TEST_F(AdminDrain, TheStatusSaysUntilWhen) {
    EXPECT_EQ(body(world.fetch("/api/v1/status"))["drain"], nullptr);
    world.status.drain = {true, true, "ann", 5000, 65'000, 4000};
    EXPECT_EQ(body(world.fetch("/api/v1/status"))["drain"],
              (json{{"by", "ann"}, {"in_force", true}, {"limit_utc_ms", 5000}, {"ends_utc_ms", 65'000}, {"left_ms", 4000}}));
}

TEST_F(AdminDrain, ATestCallStandsInTheStatusInReadyzInTheMetricsAndInTheAudit) {
    EXPECT_EQ(part(), "ok never");
    EXPECT_EQ(body(world.fetch("/api/v1/status"))["selftest"], nullptr);
    EXPECT_EQ(told(R"({"by":"ann","good":true,"detail":"good","greeting_ms":640})").status, 200);
    EXPECT_EQ(part(), "ok good");
    EXPECT_EQ(metrics::selftest_good.value(), 1);
    EXPECT_DOUBLE_EQ(metrics::selftest_greeting_seconds.value(), 0.64);
    EXPECT_EQ(metrics::selftest_time_seconds.value(), static_cast<double>(world.loop.utc_ms()) / 1000.0);
    EXPECT_EQ(told(R"({"by":"timer","good":false,"detail":"no_greeting"})").status, 200);
    EXPECT_EQ(part(), "degraded no_greeting");
    EXPECT_EQ(metrics::selftest_good.value(), 0);
    EXPECT_EQ(metrics::selftest_greeting_seconds.value(), -1);
    const auto status = body(world.fetch("/api/v1/status"))["selftest"];
    EXPECT_EQ(status["detail"], "no_greeting");
    EXPECT_EQ(status["greeting_ms"], nullptr);
    const auto audits = world.journal.audits();
    ASSERT_EQ(audits.size(), 2u);
    EXPECT_EQ(audits[1].actor + " " + audits[1].action + " " + audits[1].detail, "timer selftest no_greeting greeting_ms=-1");
}

TEST_F(AdminDrain, ABoxThatSendsItsCallersToPeopleKeepsItsLastResult) {
    told(R"({"good":true,"detail":"good","greeting_ms":640})");
    for (const char* word : {"draining", "full"}) {
        const auto answer = told(std::string(R"({"good":false,"detail":")") + word + "\"}");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(part(), "ok good") << word;
    }
    EXPECT_EQ(world.journal.audits().size(), 3u);
}

TEST_F(AdminDrain, AResultIsOneOfTheWordsAndSaysTheSameTwice) {
    for (const char* document :
         {"{}", "[]", R"({"good":true})", R"({"detail":"good"})", R"({"good":true,"detail":"late"})", R"({"good":false,"detail":"good"})",
          R"({"good":false,"detail":"my own words"})", R"({"good":1,"detail":"good"})", R"({"good":true,"detail":"good","greeting_ms":-2})",
          R"({"good":true,"detail":"good","greeting_ms":"640"})"}) {
        EXPECT_EQ(told(document).status, 400) << document;
    }
    EXPECT_EQ(part(), "ok never");
    EXPECT_TRUE(world.journal.audits().empty());
    EXPECT_EQ(send("GET", "/api/v1/selftest", "").status, 405);
}

}  // namespace
}  // namespace holdfast::http
