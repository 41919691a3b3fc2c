// From frames to a finished file with its row.
#include "unit/recording/recording_world.hpp"

#include "base/sha256.hpp"

#include <sys/stat.h>

namespace holdfast::test {
namespace {

class Recorder : public BothWays {};

TEST_P(Recorder, WritesBothLegsAndTheRow) {
    open();
    auto call = start(250, "canned");
    for (int i = 0; i < 100; ++i) {
        call->caller(frame('c'), 250 + 20 * i);
        if (i >= 10 && i < 20) call->box(frame('b'), 250 + 20 * i);
        now += 20ms;
    }
    call->finish();
    close();
    ASSERT_EQ(files_in(folder.path()), std::vector<std::string>{name_of()});
    const auto legs = legs_of(path_of());
    EXPECT_EQ(legs.caller, sound('c', 2000));
    EXPECT_EQ(legs.box, quiet(200) + sound('b', 200) + quiet(1600));
    struct stat info {};
    ASSERT_EQ(::stat(path_of().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);

    const auto rows = journal.rows<store::Recording>();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].call, k_call);
    EXPECT_EQ(rows[0].path, name_of());
    EXPECT_EQ(rows[0].duration_ms, 2000);
    EXPECT_EQ(rows[0].offset_ms, 250);
    EXPECT_EQ(rows[0].utc_ms, k_utc_ms);
    EXPECT_EQ(rows[0].lost_ms, 0);
    EXPECT_EQ(rows[0].legs, "both");
    EXPECT_EQ(rows[0].retention_class, "canned");
    base::Sha256Stream hash;
    hash.update(wav_of(path_of()));
    EXPECT_EQ(rows[0].sha256, hash.hex());
}

TEST_P(Recorder, LostFramesAreSilenceOfEqualLengthAndTheLegsStayAligned) {
    open();
    auto call = start();
    // A clap that both legs hear at the same moment, before and after 1.4 s of lost caller audio.
    for (int i = 0; i < 200; ++i) {
        const bool clap = i == 20 || i == 150;
        const bool lost = i >= 60 && i < 130;
        if (!lost) call->caller(frame(clap ? 'X' : 'c'), 20 * i);
        call->box(frame(clap ? 'X' : 'b'), 20 * i + (i % 3));  // sent with jitter
        now += 20ms;
    }
    call->finish();
    close();
    const auto legs = legs_of(path_of());
    ASSERT_EQ(legs.caller.size(), 200 * k_frame);
    EXPECT_EQ(legs.caller.substr(60 * k_frame, 70 * k_frame), quiet(1400));
    EXPECT_EQ(std::count(legs.caller.begin(), legs.caller.end(), audio::k_mulaw_silence), 8 * 1400);
    for (const std::size_t from : {std::size_t{0}, 100 * k_frame}) {
        const auto left = legs.caller.find('X', from);
        const auto right = legs.box.find('X', from);
        ASSERT_NE(left, std::string::npos);
        ASSERT_NE(right, std::string::npos);
        EXPECT_LE(std::max(left, right) - std::min(left, right), k_frame) << "more than 20 ms apart";
        EXPECT_EQ(left % k_frame, 0u);
    }
}

TEST_P(Recorder, WhatAClearCutIsNotInTheFile) {
    open();
    auto call = start();
    call->box(frame('b', 1000), 0);
    now += 300ms;
    call->box_cleared(300);
    now += 700ms;
    call->caller(frame('c'), 980);
    call->finish();
    close();
    EXPECT_EQ(legs_of(path_of()).box, sound('b', 300) + quiet(700));
}

TEST_P(Recorder, ADestroyedHandleIsAFinishedOne) {
    open();
    start()->caller(frame('c'), 0);
    close();
    EXPECT_EQ(legs_of(path_of()).caller, sound('c'));
}

TEST_P(Recorder, StopFinishesRecordingsThatGoOn) {
    open();
    auto call = start();
    for (int i = 0; i < 60; ++i) call->caller(frame('c'), 20 * i);
    close();
    call->caller(frame('c'), 1200);
    call->finish();
    EXPECT_EQ(legs_of(path_of()).caller, sound('c', 1000)) << "what was handed over";
    EXPECT_EQ(journal.rows<store::Recording>().size(), 1u);
}

TEST_P(Recorder, FiftyCallsAtOnceEachHaveTheirFile) {
    open();
    std::vector<RecordingHandle> calls;
    for (int i = 0; i < 50; ++i) calls.push_back(start());
    for (int i = 0; i < 100; ++i) {
        for (std::size_t c = 0; c < calls.size(); ++c) {
            calls[c]->caller(frame(static_cast<char>(c)), 20 * i);
            calls[c]->box(frame(static_cast<char>(c)), 20 * i);
        }
        now += 20ms;
    }
    calls.clear();
    close();
    EXPECT_EQ(files_in(folder.path()).size(), 50u);
    std::string seen;
    for (int i = 1; i <= 50; ++i) {
        const auto legs = legs_of(path_of(i));
        EXPECT_TRUE(legs.caller == sound(legs.caller[0], 2000));
        EXPECT_TRUE(legs.box == legs.caller);
        seen += legs.caller[0];
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_P(Recorder, TheLastNameWaitsForTheRow) {
    journal.hold = true;
    open();
    start()->caller(frame('c'), 0);
    ASSERT_TRUE(journal.wait_for_rows(1));
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of() + ".part"});
    journal.answer_held();
    close();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of()});
}

TEST_P(Recorder, AHostileClassOrGenerationStaysInTheFolder) {
    journal.generation = "../../x";
    open();
    auto call = start(0, "../../y");
    call.reset();
    close();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{k_call.str() + ".0.1.wav" + (sealed ? ".sealed" : "")});
    EXPECT_EQ(journal.rows<store::Recording>().at(0).retention_class, "other");
}

INSTANTIATE_TEST_SUITE_P(BothWays, Recorder, ::testing::Bool(), Recorder::name);

}  // namespace
}  // namespace holdfast::test
