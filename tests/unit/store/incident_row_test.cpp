// Rows of what is wrong and where, and of what was decided: read with their call, kept in every kind of
// trouble like all others.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "store/emergency_file.hpp"

namespace holdfast::test {
namespace {

class IncidentRows : public JournalTest {
  protected:
    void write_all() {
        write(opened(1));
        write(said(1, "help"));
        write(fact(1));
        write(incident(1, 1));
        write(incident(1, 2));
        write(dispatch(1));
    }
    void expect_all() {
        const auto detail = call(1);
        ASSERT_TRUE(detail);
        ASSERT_EQ(detail->facts.size(), 1u);
        ASSERT_EQ(detail->incidents.size(), 2u);
        ASSERT_EQ(detail->dispatches.size(), 1u);
        const auto& said = detail->facts[0].fact;
        EXPECT_EQ(said.call, sid(1));
        EXPECT_EQ(said.utc_ms, k_now_utc_ms + 900);
        EXPECT_EQ(said.offset_ms, 400);
        EXPECT_EQ(said.slot, "place");
        EXPECT_EQ(said.source, "caller");
        EXPECT_EQ(said.value.reveal(), "12 34 Oak Street");
        EXPECT_EQ(said.normal.reveal(), "1234 OAK ST");
        EXPECT_EQ(said.kind, "address");
        EXPECT_TRUE(said.known);
        EXPECT_FALSE(said.denied);
        EXPECT_EQ(said.confidence, 90);
        EXPECT_EQ(said.turn, "item_1");
        EXPECT_EQ(said.begin, 11);
        EXPECT_EQ(said.end, 27);
        const auto& known = detail->incidents[1].incident;
        EXPECT_EQ(known.rev, 2);
        EXPECT_EQ(known.type, "FSTRU");
        EXPECT_EQ(known.also, "TRAUMA SICK");
        EXPECT_EQ(known.priority, 1);
        EXPECT_EQ(known.place.reveal(), "1234 OAK ST");
        EXPECT_EQ(known.place_kind, "address");
        EXPECT_TRUE(known.place_known);
        EXPECT_TRUE(known.differ);
        EXPECT_EQ(known.questions, 2);
        const auto& step = detail->dispatches[0].dispatch;
        EXPECT_EQ(step.number, 1);
        EXPECT_EQ(step.state, "proposed");
        EXPECT_EQ(step.rule, "place_and_type");
        EXPECT_EQ(step.type, "FSTRU");
        EXPECT_EQ(step.priority, 1);
        EXPECT_EQ(step.place.reveal(), "1234 OAK ST");
        EXPECT_TRUE(step.incomplete);
        EXPECT_EQ(step.actor, "daemon");
        EXPECT_EQ(step.reason, "why");
    }
};

TEST_F(IncidentRows, ComeBackAsTheyWereWritten) {
    open();
    write_all();
    expect_all();
    EXPECT_EQ(call(1)->facts[0].seq, 2) << "behind the words it comes from";
    close();
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->good());
}

TEST_F(IncidentRows, ComeOutOfADamagedFile) {
    open();
    write_all();
    close();
    overwrite(options.path, 0, std::string(16, '\xa5'));
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().health == store::StoreHealth::good; }));
    expect_all();
}

TEST_F(IncidentRows, ComeOutOfTheEmergencyFile) {
    std::string bytes = "HFEMRG1\n0123456789abcdef";
    store::append_emergency(bytes, 77, 1, opened(1));
    store::append_emergency(bytes, 77, 2, fact(1));
    store::append_emergency(bytes, 77, 3, incident(1, 1));
    store::append_emergency(bytes, 77, 4, incident(1, 2));
    store::append_emergency(bytes, 77, 5, dispatch(1));
    write_file(emergency_path(), bytes);
    open();
    expect_all();
}

TEST_F(IncidentRows, StepsOfAllCallsAreReadOldestFirst) {
    open();
    write(opened(1));
    write(opened(2));
    write(dispatch(1));
    write(dispatch(2));
    auto approved = dispatch(1);
    approved.state = "approved";
    write(approved);
    const auto read = [&](std::int64_t limit) {
        std::promise<base::Result<store::DispatchSteps>> promise;
        journal->read_dispatches({limit, 0}, [&](base::Result<store::DispatchSteps> got) { promise.set_value(std::move(got)); });
        const auto got = promise.get_future().get();
        std::string text;
        for (const auto& row : got->rows) text += row.dispatch.call.str().back() + row.dispatch.state + " ";
        return text;
    };
    EXPECT_EQ(read(100), "1proposed 2proposed 1approved ");
    EXPECT_EQ(read(1), "1approved ") << "the newest";
}

TEST_F(IncidentRows, WhatIsOwedIsWhatIsNeitherDeliveredNorReplacedNorDead) {
    open();
    write(opened(1));
    for (const char* key : {"a", "b", "c", "d"}) write(outbox(1, key));
    write(outbox(1, "d"));  // put in twice: owed once
    write(outbox(1, "a", "delivered"));
    write(outbox(1, "b", "replaced"));
    write(dead_letter(1, "c"));
    const auto owed = [&](const std::string& target) {
        std::promise<base::Result<store::Owed>> promise;
        journal->read_owed(target, [&](base::Result<store::Owed> got) { promise.set_value(std::move(got)); });
        return promise.get_future().get()->documents;
    };
    ASSERT_EQ(owed("cad").size(), 1u);
    EXPECT_EQ(owed("cad")[0].key, "d");
    EXPECT_EQ(owed("cad")[0].body.reveal(), R"({"place":"1234 OAK ST"})");
    EXPECT_TRUE(owed("mongodb").empty());
    const auto detail = call(1);
    ASSERT_EQ(detail->dead_letters.size(), 1u);
    EXPECT_EQ(detail->dead_letters[0].reason, "http_422");
    EXPECT_EQ(detail->dead_letters[0].attempts, 3);
}

TEST_F(IncidentRows, ADamagedRowIsFound) {
    open();
    write_all();
    close();
    sql(options.path, "UPDATE dispatch SET place = '99 ELM ST'");
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->good());
}

}  // namespace
}  // namespace holdfast::test
