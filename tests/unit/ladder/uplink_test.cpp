#include "ladder/uplink.hpp"

#include "support.hpp"

namespace holdfast::ladder {
namespace {

class AnUplink : public testing::Test {
  protected:
    // One second of a line on which frames are late and audio waits.
    void second(std::uint32_t late_percent, base::milliseconds queued,
                base::milliseconds rtt = 40ms) {
        line_.frames(100, late_percent, now_);
        line_.send_queue(queued, now_);
        line_.round_trip(rtt, now_);
        line_.judge(now_);
        now_ += 1s;
    }
    void seconds_of(int count, std::uint32_t late_percent, base::milliseconds queued,
                    base::milliseconds rtt = 40ms) {
        for (int i = 0; i < count; ++i) second(late_percent, queued, rtt);
    }
    double up() const { return line_.score(Direction::up, now_); }
    double down() const { return line_.score(Direction::down, now_); }

    Uplink line_;
    Clock now_;
};

TEST_F(AnUplink, N11_LossIsForgivenUntilATalkIsImpossible) {
    struct Row {
        std::uint32_t late_percent;
        double least, most;
        bool down;
    };
    for (const Row row : {Row{0, 1, 1, false}, Row{1, 1, 1, false}, Row{5, 0.7, 0.9, false},
                          Row{10, 0.5, 0.6, false}, Row{20, 0, 0, true}, Row{30, 0, 0, true}}) {
        line_ = Uplink();
        seconds_of(5, row.late_percent, 0ms);
        EXPECT_GE(down(), row.least) << row.late_percent;
        EXPECT_LE(down(), row.most) << row.late_percent;
        EXPECT_EQ(line_.is_down(), row.down) << row.late_percent;
    }
}

TEST_F(AnUplink, N12_FullSendQueuesTakeNoNewCallWhateverTheCap) {
    seconds_of(5, 0, 400ms);
    EXPECT_TRUE(line_.is_down(Direction::up));
    EXPECT_EQ(line_.calls_max(now_), 0);
    line_.set_caps(100'000, 100'000);
    EXPECT_EQ(line_.calls_max(now_), 0);
}

TEST_F(AnUplink, N12_IsNoticedWithinFiveSeconds) {
    seconds_of(60, 0, 0ms);
    int took = 0;
    while (!line_.is_down() && took < 60) {
        second(0, 400ms);
        ++took;
    }
    EXPECT_LE(took, 6);
}

TEST_F(AnUplink, N13_CapIsTheNumberOfCallsTheLineCarries) {
    EXPECT_EQ(line_.calls_max(now_), std::nullopt) << "unset is no cap";
    line_.set_caps(256, 0);
    EXPECT_EQ(line_.calls_max(now_), 1);
    line_.set_caps(0, 540);
    EXPECT_EQ(line_.calls_max(now_), 3);
    line_.set_caps(10'000, 359);
    EXPECT_EQ(line_.calls_max(now_), 1) << "the narrower way counts";
    line_.set_caps(179, 10'000);
    EXPECT_EQ(line_.calls_max(now_), 0);
}

TEST_F(AnUplink, N13_ScoreOnlyLowersTheCap) {
    line_.set_caps(1800, 1800);
    seconds_of(5, 0, 0ms);
    EXPECT_EQ(line_.calls_max(now_), 10);
    seconds_of(5, 0, 325ms);  // score 0.25: half of what would still be good
    EXPECT_EQ(line_.calls_max(now_), 5);
}

TEST_F(AnUplink, N14_OneDirectionDoesNotSpoilTheOther) {
    seconds_of(5, 30, 0ms);
    EXPECT_EQ(down(), 0);
    EXPECT_EQ(up(), 1);
    EXPECT_TRUE(line_.is_down(Direction::down));
    EXPECT_FALSE(line_.is_down(Direction::up));
}

TEST_F(AnUplink, RoundTripAloneNeverCondemnsALine) {
    seconds_of(60, 0, 0ms, 5s);
    EXPECT_EQ(up(), 0.5);
    EXPECT_EQ(down(), 0.5);
    EXPECT_FALSE(line_.is_down());
}

TEST_F(AnUplink, N15_ComesBackAfterThirtyGoodSecondsOnly) {
    seconds_of(5, 0, 400ms);
    for (int i = 0; i < 120; ++i) {  // flaps every two seconds
        second(0, i % 4 < 2 ? 400ms : 0ms);
        EXPECT_TRUE(line_.is_down()) << i;
    }
    seconds_of(30, 0, 0ms);
    EXPECT_TRUE(line_.is_down());
    seconds_of(6, 0, 0ms);
    EXPECT_FALSE(line_.is_down());
}

TEST_F(AnUplink, ForgetsWhatNobodyMeasuresAnyMore) {
    seconds_of(5, 10, 200ms);
    EXPECT_LT(up(), 1);
    now_ += limits::uplink_window + 1s;
    EXPECT_EQ(up(), 1);
    EXPECT_EQ(down(), 1);
}

}  // namespace
}  // namespace holdfast::ladder
