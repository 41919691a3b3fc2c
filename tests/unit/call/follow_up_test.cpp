#include "call/follow_up.hpp"

#include "config/limits.hpp"
#include "support/fake_call_world.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace holdfast::call {
namespace {

using namespace std::chrono_literals;

constexpr char k_account[] = "AC0123456789abcdef0123456789abcdef";

class FollowUpTest : public ::testing::Test {
  protected:
    struct Request {
        twilio::RestRequest rest;
        net::HttpDone done;
    };

    FollowUpTest() {
        person_.sentence = std::string(50, 'x');  // 4.5 s
        person_.number = "+15550100199";
        follow_up_.set_send([this](twilio::RestRequest rest, net::HttpDone done) {
            requests_.push_back({std::move(rest), std::move(done)});
        });
    }
    base::CallSid sid(int n = 911) const {
        const std::string digits = std::to_string(n);
        return *base::CallSid::parse("CA" + std::string(32 - digits.size(), '0') + digits);
    }
    void serve(int n = 911) { follow_up_.served(sid(n), k_account, person_); }
    void stream_and_give_away(int n = 911) {
        serve(n);
        follow_up_.streams(sid(n));
        follow_up_.given_away(sid(n));
    }
    // The oldest request, which must be one of that method, is answered.
    void answer(const char* method, int status, const std::string& body) {
        ASSERT_FALSE(requests_.empty());
        auto request = std::move(requests_.front());
        requests_.pop_front();
        EXPECT_EQ(request.rest.method, method);
        request.done(net::HttpAnswer{status, {}, body});
    }
    void nobody_rings() { answer("GET", 200, R"({"calls":[]})"); }
    std::vector<std::string> audit() const {
        std::vector<std::string> out;
        for (const auto& row : journal_.rows<store::Audit>()) out.push_back(row.action + " " + row.detail);
        return out;
    }

    static constexpr auto k_patience = limits::twilio_follows_within + 4500ms;
    test::FakeLoop loop_;
    test::FakeJournal journal_;
    std::deque<Request> requests_;
    twilio::PersonVerbs person_;
    FollowUp follow_up_{loop_, journal_, [] { return 0xffffffffu; }};
};

TEST_F(FollowUpTest, T28_LeavesACallAloneWhileItsStreamIsWell) {
    serve();
    loop_.advance(limits::stream_follows_within - 1ms);
    follow_up_.streams(sid());
    loop_.advance(1h);
    EXPECT_TRUE(requests_.empty());
}

TEST_F(FollowUpTest, WithoutAStreamTheCallIsRedirected) {
    serve();
    loop_.advance(limits::stream_follows_within);
    nobody_rings();
    EXPECT_EQ(audit(), std::vector<std::string>{"call_redirected why=no_stream"}) << "before it is done";
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_NE(requests_.front().rest.body.find("%2B15550100199"), std::string::npos);
    answer("POST", 200, "{}");
    loop_.advance(k_patience);
    answer("GET", 200, R"({"calls":[{"sid":"CA1"}]})");
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, GivenAwayIsLookedAtWhenTheSentenceMustBeOver) {
    stream_and_give_away();
    loop_.advance(k_patience - 1ms);
    EXPECT_TRUE(requests_.empty());
    loop_.advance(1ms);
    nobody_rings();
    answer("POST", 200, "{}");
    EXPECT_EQ(audit(), std::vector<std::string>{"call_redirected why=not_dialled"});
}

TEST_F(FollowUpTest, WhoTwilioRingsForIsLeftAlone) {
    stream_and_give_away();
    loop_.advance(k_patience);
    answer("GET", 200, R"({"calls":[{"sid":"CA1"}]})");
    loop_.advance(1h);
    EXPECT_TRUE(requests_.empty());
    EXPECT_TRUE(audit().empty());
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, EveryWebhookThatShowsItIsEnough) {
    for (const bool over : {true, false}) {
        stream_and_give_away();
        loop_.advance(k_patience - 1ms);
        if (over) follow_up_.over(sid());
        else follow_up_.followed(sid());
        loop_.advance(1h);
        EXPECT_TRUE(requests_.empty());
    }
}

TEST_F(FollowUpTest, NewsDuringTheQuestionDropsItsAnswer) {
    stream_and_give_away();
    loop_.advance(k_patience);
    follow_up_.followed(sid());
    nobody_rings();
    EXPECT_TRUE(requests_.empty());
    EXPECT_TRUE(audit().empty());

    serve();
    loop_.advance(limits::stream_follows_within);
    follow_up_.streams(sid());  // late, but there
    nobody_rings();
    EXPECT_TRUE(requests_.empty());
    follow_up_.given_away(sid());
    loop_.advance(k_patience);
    EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(FollowUpTest, SecondReasonNeitherDelaysNorDoublesTheLook) {
    stream_and_give_away();
    loop_.advance(k_patience - 1s);
    follow_up_.given_away(sid());
    loop_.advance(1s);
    ASSERT_EQ(requests_.size(), 1u);
    follow_up_.given_away(sid());
    loop_.advance(k_patience);
    EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(FollowUpTest, TellsTwiceAtMost) {
    stream_and_give_away();
    for (int i = 0; i < 2; ++i) {
        loop_.advance(k_patience);
        nobody_rings();
        answer("POST", 200, "{}");
    }
    loop_.advance(k_patience);
    nobody_rings();
    loop_.advance(1h);
    EXPECT_TRUE(requests_.empty());
    EXPECT_EQ(audit().size(), 2u);
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, CallThatIsGoneIsGone) {
    stream_and_give_away();
    loop_.advance(k_patience);
    nobody_rings();
    answer("POST", 400, R"({"code":21220})");
    loop_.advance(1h);
    EXPECT_TRUE(requests_.empty());
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, AsksAgainABoundedNumberOfTimes) {
    stream_and_give_away();
    loop_.advance(k_patience);
    int asked = 0;
    while (!requests_.empty()) {
        ++asked;
        answer("GET", asked % 2 == 0 ? 429 : 503, "");
        loop_.advance(10s);
    }
    EXPECT_EQ(asked, 6);
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, OneFailureDoesNotLoseTheCaller) {
    stream_and_give_away();
    loop_.advance(k_patience);
    requests_.front().done(base::make_error(base::Condition::retry, "timeout"));
    requests_.pop_front();
    loop_.advance(100ms);
    nobody_rings();
    answer("POST", 429, R"({"code":20429})");
    loop_.advance(200ms);
    answer("POST", 200, "{}");
    EXPECT_EQ(audit().size(), 1u);
}

TEST_F(FollowUpTest, WrongCredentialsAreNotTriedAgain) {
    stream_and_give_away();
    loop_.advance(k_patience);
    answer("GET", 401, R"({"code":20003})");
    loop_.advance(1h);
    EXPECT_TRUE(requests_.empty());
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, EightRequestsAtATime) {
    for (int n = 1; n <= 20; ++n) stream_and_give_away(n);
    loop_.advance(k_patience);
    EXPECT_EQ(requests_.size(), 8u);
    for (int n = 0; n < 20; ++n) answer("GET", 200, R"({"calls":[{"sid":"CA1"}]})");
    EXPECT_TRUE(requests_.empty());
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, OffWithoutCredentialsAndWithoutAnybodyToDial) {
    person_.number.clear();
    serve();
    EXPECT_EQ(follow_up_.watched(), 0u);
    person_.number = "+15550100199";
    follow_up_.served(sid(), "../../AC", person_);
    EXPECT_EQ(follow_up_.watched(), 0u);
    serve();
    EXPECT_EQ(follow_up_.watched(), 1u);
    follow_up_.set_send({});
    EXPECT_EQ(follow_up_.watched(), 0u);
    serve();
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, P01_CallsOfARunThatDiedAreLookedAt) {
    follow_up_.left_behind(sid(), k_account, person_);
    loop_.advance(k_patience - 1ms);
    EXPECT_TRUE(requests_.empty());
    loop_.advance(1ms);
    nobody_rings();
    answer("POST", 200, "{}");
    EXPECT_EQ(audit(), std::vector<std::string>{"call_redirected why=restart"});
    loop_.advance(1h);
    follow_up_.set_send({});
    follow_up_.left_behind(sid(), k_account, person_);
    EXPECT_EQ(follow_up_.watched(), 0u);
}

TEST_F(FollowUpTest, AnswerAfterItsEndIsHarmless) {
    net::HttpDone late;
    {
        FollowUp gone(loop_, journal_, [] { return 1u; });
        gone.set_send([&late](twilio::RestRequest, net::HttpDone done) { late = std::move(done); });
        gone.served(sid(), k_account, person_);
        loop_.advance(limits::stream_follows_within);
    }
    ASSERT_TRUE(late);
    late(net::HttpAnswer{200, {}, R"({"calls":[]})"});
    EXPECT_TRUE(audit().empty());
}

}  // namespace
}  // namespace holdfast::call
