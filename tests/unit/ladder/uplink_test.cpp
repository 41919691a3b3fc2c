#include "ladder/uplink.hpp"

#include "support.hpp"

namespace holdfast::ladder {
namespace {

class AnUplink : public testing::Test {
  protected:
    // One second of a line on which frames are late and audio waits.
    void second(std::uint32_t late_percent, base::milliseconds queued,
                base::milliseconds rtt = 40ms) {
        line_.add({100, late_percent, late_percent / 100.0, queued, rtt}, now_);
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

TEST_F(AnUplink, T12_T19_CallWithATroubleOfItsOwnIsNotTheLine) {
    for (const bool of_the_peer : {true, false}) {
        line_ = Uplink();
        for (int i = 0; i < 10; ++i) {
            // Half of the calls: time stamps that lie, and a peer that has stopped reading.
            line_.add({500, of_the_peer ? 500u : 0u, of_the_peer ? 1.0 : 0.0, 2s, 40ms}, now_);
            line_.add({50, 0, 0, 0ms, 40ms}, now_);
            line_.judge(now_);
            now_ += 1s;
        }
        EXPECT_FALSE(line_.is_down());
        EXPECT_EQ(up(), 1);
        EXPECT_EQ(down(), 1);
    }
    for (int i = 0; i < 5; ++i) {  // more than half: it is the line
        for (int call = 0; call < 3; ++call) {
            line_.add({50, call > 0 ? 50u : 0u, call > 0 ? 1.0 : 0.0, call > 0 ? 2000ms : 0ms, 40ms}, now_);
        }
        line_.judge(now_);
        now_ += 1s;
    }
    EXPECT_LT(up(), 0.5) << "takes fewer calls";
    EXPECT_TRUE(line_.is_down(Direction::down));
}

TEST_F(AnUplink, N11_SecondsThatAreGoodOrLostAreTheLineWhenEachCallHasThem) {
    std::uint32_t second_number = 0;
    for (int i = 0; i < 10; ++i) {  // one in four, another one for each call
        for (std::uint32_t call = 0; call < 4; ++call) {
            line_.add({50, (second_number + call) % 4 == 0 ? 50u : 0u, 0.25, 0ms, 40ms}, now_);
        }
        ++second_number;
        line_.judge(now_);
        now_ += 1s;
    }
    EXPECT_TRUE(line_.is_down(Direction::down));
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
