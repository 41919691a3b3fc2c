#include "base/version.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/json.hpp"
#include "unit/http/admin_server.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace holdfast::ctl {
namespace {

struct Ran {
    int exit = 0;
    std::string out;
    std::string err;
};

Ran run_ctl(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit = run(std::move(arguments), Look{}, out, err);
    return {exit, out.str(), err.str()};
}

// Numbers of a closed port: nobody listens on it.
std::string nobody() {
    test::AdminServer gone;
    return gone.url;
}

TEST(Holdfastctl, HelpDocumentsTheExitCodes) {
    const auto help = run_ctl({"--help"});
    EXPECT_EQ(help.exit, k_exit_ok);
    for (const char* word : {"Exit codes", "64", "HOLDFAST_ADMIN", "status", "tail", "check"}) {
        EXPECT_NE(help.out.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(run_ctl({"--version"}).out, "holdfastctl " + std::string(base::version()) + "\n");
}

TEST(Holdfastctl, AWrongCommandLineIs64) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{},
                                               {"dance"},
                                               {"show"},
                                               {"show", "CA1"},
                                               {"calls", "--limit", "0"},
                                               {"calls", "--limit", "x"},
                                               {"status", "--admin", "ftp://127.0.0.1"},
                                               {"tail", "--call", "x"},
                                               {"doctor", "extra"},
                                               {"status", "extra"}}) {
        const auto ran = run_ctl(arguments);
        EXPECT_EQ(ran.exit, k_exit_usage) << (arguments.empty() ? "" : arguments.front());
        EXPECT_FALSE(ran.err.empty());
    }
}

TEST(Holdfastctl, ADaemonThatIsNotThereIs2) {
    const auto url = nobody();
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"status"}, {"calls"}, {"show", test::k_call_a}, {"tail"}, {"transfer", test::k_call_a}}) {
        auto arguments = command;
        arguments.insert(arguments.end(), {"--admin", url});
        const auto ran = run_ctl(arguments);
        EXPECT_EQ(ran.exit, k_exit_unreachable) << command.front();
        EXPECT_NE(ran.err.find("cannot reach " + url), std::string::npos) << ran.err;
        EXPECT_TRUE(ran.out.empty());
    }
}

TEST(Holdfastctl, StatusIsZeroOnlyWhenReady) {
    test::AdminServer server;
    server.start();
    const auto good = run_ctl({"status", "--admin", server.url});
    EXPECT_EQ(good.exit, k_exit_ok) << good.err;
    EXPECT_NE(good.out.find("site-1: ready"), std::string::npos);

    test::AdminServer draining;
    draining.status.draining = true;
    http::decide_ready(draining.status, 0);
    draining.start();
    const auto bad = run_ctl({"--admin", draining.url, "--json", "status"});
    EXPECT_EQ(bad.exit, k_exit_not_good);
    EXPECT_EQ(Json::parse(bad.out)["reasons"], Json{"draining"});
}

TEST(Holdfastctl, CallsAsksForWhatWasAsked) {
    test::AdminServer server;
    store::CallRow row;
    row.call = test::sid();
    row.status = "streaming";
    server.journal.list = store::CallList{{row}};
    server.start();
    const auto ran = run_ctl({"calls", "--active", "--limit", "7", "--admin", server.url});
    EXPECT_EQ(ran.exit, k_exit_ok) << ran.err;
    EXPECT_NE(ran.out.find(test::k_call_a), std::string::npos);
    ASSERT_EQ(server.journal.queries.size(), 1u);
    EXPECT_EQ(server.journal.queries[0].limit, 7);
    EXPECT_TRUE(server.journal.queries[0].active_only);
}

TEST(Holdfastctl, ShowOfAnUnknownCallIs1) {
    test::AdminServer server;
    server.journal.detail = base::make_error(base::Condition::reject, "not_found");
    server.start();
    const auto ran = run_ctl({"show", test::k_call_a, "--admin", server.url});
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_EQ(ran.err, "holdfastctl: the journal knows no such call\n");
}

TEST(Holdfastctl, TransferHandsACallToAPersonOrSaysWhyNot) {
    for (const auto result : {call::Transfer::asked, call::Transfer::with_person}) {
        http::AdminOptions options;
        options.transfer = [result](const base::CallSid&, const auto& answered) { answered(result); };
        test::AdminServer server(nullptr, options);
        server.start();
        const auto ran = run_ctl({"transfer", test::k_call_a, "--admin", server.url});
        const bool asked = result == call::Transfer::asked;
        EXPECT_EQ(ran.exit, asked ? k_exit_ok : k_exit_not_good) << ran.err;
        EXPECT_EQ(ran.out, asked ? "The call goes to a person.\n" : "");
        EXPECT_EQ(ran.err.find("a person has the call") == std::string::npos, asked) << ran.err;
    }
}

TEST(Holdfastctl, ShowPrintsNumbersAndWords) {
    test::AdminServer server;
    store::CallDetail detail;
    detail.call.call = test::sid();
    detail.call.from = store::Text("+15550100");
    store::UtteranceRow row;
    row.seq = 1;
    row.utterance.text = store::Text("help\x1b[2J");
    detail.utterances.push_back(row);
    server.journal.detail = detail;
    server.start();
    const auto ran = run_ctl({"show", test::k_call_a, "--admin", server.url});
    EXPECT_EQ(ran.exit, k_exit_ok) << ran.err;
    EXPECT_NE(ran.out.find("+15550100"), std::string::npos);
    EXPECT_NE(ran.out.find("\"help\\x1b[2J\""), std::string::npos);
}

// Output that acts when a text has been printed: the events follow the reader, without a clock.
class ActingBuffer : public std::stringbuf {
  public:
    std::function<void(const std::string& all)> printed;
    int sync() override {
        if (printed) printed(str());
        return 0;
    }
};

TEST(Holdfastctl, TailFollowsACallToItsEndAndTheWordsThatComeLate) {
    test::AdminServer server;
    server.start();
    ActingBuffer buffer;
    std::ostream out(&buffer);
    std::ostringstream err;
    bool published = false;
    buffer.printed = [&](const std::string&) {
        if (std::exchange(published, true)) return;  // the greeting has been printed
        auto words = test::feed_event("utterance");
        words.speaker = "caller";
        words.text = store::Text("there is a fire");
        auto ended = test::feed_event("ended");
        ended.detail = "stop";
        server.feed.publish(test::feed_event("ringing", test::k_call_b));
        server.feed.publish(ended);
        server.feed.publish(words);
    };
    const int exit = run({"tail", "--call", test::k_call_a, "--until-end", "--admin", server.url},
                         Look{}, out, err);
    EXPECT_EQ(exit, k_exit_ok) << err.str();
    const auto text = buffer.str();
    EXPECT_NE(text.find("ended    stop after 1.2 s"), std::string::npos) << text;
    EXPECT_NE(text.find("caller   \"there is a fire\""), std::string::npos) << text;
    EXPECT_EQ(text.find("ringing"), std::string::npos) << text;
}

TEST(Holdfastctl, TailDoesNotWaitForACallThatIsOver) {
    test::AdminServer server;
    store::CallDetail detail;
    detail.call.call = test::sid();
    detail.call.ended_utc_ms = 5;
    server.journal.detail = detail;
    server.start();
    const auto ran =
        run_ctl({"tail", "--call", test::k_call_a, "--until-end", "--json", "--admin", server.url});
    EXPECT_EQ(ran.exit, k_exit_ok);
    EXPECT_EQ(Json::parse(ran.out)["kind"], "hello");
    EXPECT_NE(ran.err.find("over already"), std::string::npos);
}

TEST(Holdfastctl, ADaemonThatStopsEndsTheTailWith2) {
    test::AdminServer server;
    server.start();
    ActingBuffer buffer;
    std::ostream out(&buffer);
    std::ostringstream err;
    buffer.printed = [&](const std::string&) {
        server.loop.post([&server] { server.feed.close_all(); });
    };
    EXPECT_EQ(run({"tail", "--admin", server.url}, Look{}, out, err), k_exit_unreachable);
    EXPECT_NE(err.str().find("the daemon is stopping"), std::string::npos) << err.str();
}

}  // namespace
}  // namespace holdfast::ctl
