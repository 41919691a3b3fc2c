#include "net/admission.hpp"
#include "support/fake_loop.hpp"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;
using Tickets = std::vector<std::shared_ptr<Admission::Ticket>>;

class AdmissionTest : public testing::Test {
  protected:
    AdmissionTest() {
        limits.connections_max = 1000;
        limits.unproven_drop_from = 1000;
        limits.unproven_max = 1001;
        limits.unproven_per_address = 1000;
    }
    std::shared_ptr<Admission> make(bool per_address = true) {
        return std::make_shared<Admission>(loop, limits, per_address, [this] { return random; }, [this](int by) { open += by; });
    }
    std::string refusal(Admission& a, const std::string& address = "192.0.2.1") {
        const char* cause = "";
        auto ticket = a.admit(address, cause);
        if (ticket) kept.push_back(ticket);
        return ticket ? "" : cause;
    }

    test::FakeLoop loop;
    HttpLimits limits = HttpLimits::defaults();
    std::uint32_t random = 0;
    int open = 0;
    Tickets kept;
};

TEST_F(AdmissionTest, StopsAtTheCapOfConnectionsAndGoesOnWhenOneEnds) {
    limits.connections_max = 3;
    const auto a = make();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(refusal(*a), "");
    EXPECT_EQ(refusal(*a), "limit");
    EXPECT_EQ(open, 3);
    kept.pop_back();
    EXPECT_EQ(open, 2);
    EXPECT_EQ(refusal(*a), "");
}

TEST_F(AdmissionTest, StopsAtTheCapOfOneAddressUntilSomeAreProven) {
    limits.unproven_per_address = 2;
    const auto a = make();
    EXPECT_EQ(refusal(*a), "");
    EXPECT_EQ(refusal(*a), "");
    EXPECT_EQ(refusal(*a), "per_address");
    EXPECT_EQ(refusal(*a, "192.0.2.2"), "");
    kept.front()->prove();
    EXPECT_EQ(refusal(*a), "");
    EXPECT_EQ(refusal(*a), "per_address");
}

TEST_F(AdmissionTest, CountsAnIpv6NetworkAsOneAddress) {
    limits.unproven_per_address = 1;
    const auto a = make();
    EXPECT_EQ(refusal(*a, "2001:db8:1:2::1"), "");
    EXPECT_EQ(refusal(*a, "2001:db8:1:2:ffff::2"), "per_address");
    EXPECT_EQ(refusal(*a, "2001:db8:1:3::1"), "");
}

TEST_F(AdmissionTest, IgnoresAddressesBehindAProxy) {
    limits.unproven_per_address = 1;
    limits.penalty_bad_signatures = 1;
    const auto a = make(false);
    EXPECT_EQ(refusal(*a), "");
    a->bad_signature("192.0.2.1");
    EXPECT_EQ(refusal(*a), "");
}

TEST_F(AdmissionTest, DropsMoreAndMoreAtRandomBetweenTheTwoMarks) {
    limits.unproven_drop_from = 4;
    limits.unproven_max = 8;
    limits.unproven_drop_first = 0.5;
    const auto a = make();
    random = 0;  // the unluckiest number
    for (int i = 0; i < 4; ++i) EXPECT_EQ(refusal(*a), "") << i;
    EXPECT_EQ(refusal(*a), "early_drop");
    random = 0x7fffffff;  // just below one half
    EXPECT_EQ(refusal(*a), "early_drop");
    random = 0x80000000;
    EXPECT_EQ(refusal(*a), "");
    EXPECT_EQ(refusal(*a), "early_drop") << "five of eight: the chance has grown to 5/8";
    random = 0xffffffff;  // the luckiest
    for (int i = 0; i < 3; ++i) EXPECT_EQ(refusal(*a), "") << i;
    EXPECT_EQ(refusal(*a), "early_drop") << "at the second mark nobody passes";
    kept.front()->prove();
    EXPECT_EQ(refusal(*a), "");
}

TEST_F(AdmissionTest, PunishesAnAddressForBadSignaturesForAWhile) {
    limits.penalty_bad_signatures = 3;
    limits.penalty_window = 60s;
    limits.penalty_time = 30s;
    const auto a = make();
    a->bad_signature("192.0.2.1");
    a->bad_signature("192.0.2.1");
    EXPECT_EQ(refusal(*a), "");
    a->bad_signature("192.0.2.1");
    EXPECT_EQ(refusal(*a), "penalty");
    EXPECT_EQ(refusal(*a, "192.0.2.2"), "");
    loop.advance(31s);
    EXPECT_EQ(refusal(*a), "");
}

TEST_F(AdmissionTest, ForgetsBadSignaturesThatAreOld) {
    limits.penalty_bad_signatures = 2;
    limits.penalty_window = 60s;
    const auto a = make();
    a->bad_signature("192.0.2.1");
    loop.advance(61s);
    a->bad_signature("192.0.2.1");
    EXPECT_EQ(refusal(*a), "");
}

TEST_F(AdmissionTest, ForgetsTheLeastRecentOffenderWhenTheTableIsFull) {
    limits.penalty_bad_signatures = 1;
    limits.penalty_table_max = 3;
    const auto a = make();
    for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) a->bad_signature(address);
    a->bad_signature("192.0.2.1");
    a->bad_signature("192.0.2.4");
    EXPECT_EQ(a->penalties(), 3u);
    EXPECT_EQ(refusal(*a, "192.0.2.1"), "penalty");
    EXPECT_EQ(refusal(*a, "192.0.2.2"), "");
    EXPECT_EQ(refusal(*a, "192.0.2.4"), "penalty");
}

TEST_F(AdmissionTest, LetsHandshakesTakeTurns) {
    limits.handshakes_max = 2;
    const auto a = make();
    EXPECT_TRUE(a->take_handshake());
    EXPECT_TRUE(a->take_handshake());
    EXPECT_FALSE(a->take_handshake());
    a->give_handshake();
    EXPECT_TRUE(a->take_handshake());
}

TEST_F(AdmissionTest, LimitsHandshakesPerSecond) {
    limits.handshakes_max = 1000;
    limits.handshakes_per_second = 10;
    const auto a = make();
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(a->take_handshake());
    EXPECT_FALSE(a->take_handshake());
    EXPECT_EQ(a->next_handshake_in(), 100ms);
    loop.advance(100ms);
    EXPECT_TRUE(a->take_handshake());
    EXPECT_FALSE(a->take_handshake());
    loop.advance(1h);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(a->take_handshake());
    EXPECT_FALSE(a->take_handshake()) << "idle time is not saved up";
}

TEST_F(AdmissionTest, TicketsOutliveTheListenersShare) {
    auto a = make();
    EXPECT_EQ(refusal(*a), "");
    a.reset();
    kept.clear();
    EXPECT_EQ(open, 0);
}

}  // namespace
}  // namespace holdfast::net
