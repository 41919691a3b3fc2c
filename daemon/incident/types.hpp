// The compact set of incident types: 45 codes of the APCO common incident types (ANS 2.103), and the
// state TROUBLE before one is known. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::incident {

enum class Type : std::uint8_t {
    shoot, stabbing, assault, dva, sexoffns, robbery, burglary, weapon, suicthrt, abductnf, permiss, death,
    persusp, disord, larceny, bomb,
    resparr, peruncon, resp, cardiac, stroke, seizure, od, trauma, preg, edp, sick,
    fstru, fveh, fbrush, funk, alrf, gasleak, explos, elechzd, water, entrap, air,
    mvainjy, reckdrv, thaz,
    animal, citasst, majorinc, hangup, trouble
};
inline constexpr std::size_t k_types = 46;  // with TROUBLE

const char* code(Type type);           // "SHOOT", "911H"
std::string_view title(Type type);     // "Shots fired or a person shot"
int default_priority(Type type);       // 1 a life at risk now .. 5 no unit by default

// Among types of one priority: the cause comes before what follows from it.
std::size_t rank(Type type);
// Whether `a` is the primary one of the two.
bool before(Type a, Type b);

// Of the compact set itself, or one of the common list's codes that is folded into one of it ("FAPT" ->
// FSTRU). Nothing: not a code of the list, or one that callers never mean. Case does not matter.
std::optional<Type> type_of(std::string_view code);

// Whether a unit is ever sent for it by the rules: not for TROUBLE, 911H and CITASST.
bool sends(Type type);

}  // namespace holdfast::incident
