#include "incident/types.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace holdfast::incident {
namespace {

struct Entry {
    const char* code;
    int priority;
    std::string_view title;
};

constexpr std::array<Entry, k_types> k_entries{{
    {"SHOOT", 1, "Shots fired or a person shot"},
    {"STABBING", 1, "Stabbing"},
    {"ASSAULT", 2, "Assault or fight"},
    {"DVA", 2, "Domestic violence"},
    {"SEXOFFNS", 2, "Sex offence"},
    {"ROBBERY", 1, "Robbery"},
    {"BURGLARY", 1, "Burglary or intruder"},
    {"WEAPON", 1, "Person with a weapon"},
    {"SUICTHRT", 1, "Threat of suicide"},
    {"ABDUCTNF", 1, "Abduction or hostage"},
    {"PERMISS", 2, "Missing person"},
    {"DEATH", 2, "Death"},
    {"PERSUSP", 3, "Suspicious or unwanted person"},
    {"DISORD", 4, "Disorder, noise, threats"},
    {"LARCENY", 4, "Theft, fraud, damage"},
    {"BOMB", 1, "Bomb or suspicious object"},
    {"RESPARR", 1, "Not breathing"},
    {"PERUNCON", 1, "Unconscious person"},
    {"RESP", 1, "Trouble breathing, choking, allergy"},
    {"CARDIAC", 1, "Heart trouble"},
    {"STROKE", 1, "Stroke"},
    {"SEIZURE", 2, "Seizure"},
    {"OD", 1, "Overdose or poisoning"},
    {"TRAUMA", 2, "Injury"},
    {"PREG", 1, "Pregnancy or birth"},
    {"EDP", 3, "Mental health crisis"},
    {"SICK", 3, "Sick person"},
    {"FSTRU", 1, "Structure fire"},
    {"FVEH", 2, "Vehicle fire"},
    {"FBRUSH", 2, "Outside fire"},
    {"FUNK", 1, "Fire, what burns is not known"},
    {"ALRF", 3, "Fire alarm"},
    {"GASLEAK", 2, "Gas, odour, hazardous material"},
    {"EXPLOS", 1, "Explosion"},
    {"ELECHZD", 3, "Electrical hazard"},
    {"WATER", 1, "Person or vehicle in the water"},
    {"ENTRAP", 1, "Trapped or lost person, rescue"},
    {"AIR", 1, "Aircraft down"},
    {"MVAINJY", 2, "Traffic crash"},
    {"RECKDRV", 2, "Reckless or drunk driver"},
    {"THAZ", 3, "Traffic hazard"},
    {"ANIMAL", 4, "Animal"},
    {"CITASST", 5, "Assistance, information"},
    {"MAJORINC", 2, "Major incident"},
    {"911H", 5, "Hang-up, open line, misdial"},
    {"TROUBLE", 2, "Unknown trouble"},
}};

// Codes of the common list that are folded into one of the compact set. Sorted.
constexpr std::array<std::pair<std::string_view, Type>, 146> k_folded{{
    {"911OPN", Type::hangup}, {"ABDOM", Type::sick}, {"ABDUCTF", Type::abductnf},
    {"ABUSE", Type::assault}, {"ACCIND", Type::entrap}, {"ADMIN", Type::citasst}, {"ALIEN", Type::citasst},
    {"ALLERGIC", Type::resp}, {"ALRBA", Type::burglary}, {"ALRBOX", Type::alrf}, {"ALRBS", Type::burglary},
    {"ALRCO", Type::gasleak}, {"ALRCO2", Type::gasleak}, {"ALRDEFIB", Type::resparr}, {"ALRGAS", Type::gasleak},
    {"ALRHEAT", Type::alrf}, {"ALRKPAD", Type::alrf}, {"ALRMED", Type::sick}, {"ALRNGAS", Type::gasleak},
    {"ALRPANA", Type::robbery}, {"ALRPANS", Type::robbery}, {"ALRPROPN", Type::gasleak}, {"ALRPULL", Type::alrf},
    {"ALRROBA", Type::robbery}, {"ALRROBS", Type::robbery}, {"ALRU", Type::alrf}, {"ALRVEH", Type::persusp},
    {"ALRWTR", Type::alrf}, {"ALS", Type::sick}, {"ASSIST", Type::citasst}, {"ATL", Type::permiss},
    {"BACK", Type::sick}, {"BARICADE", Type::suicthrt}, {"BIO", Type::gasleak}, {"BITE", Type::trauma},
    {"BLDCLPSE", Type::entrap}, {"BLEEDING", Type::trauma}, {"BLS", Type::sick}, {"BRGCLPSE", Type::entrap},
    {"BURN", Type::trauma}, {"CARJACK", Type::robbery}, {"CHEMICAL", Type::gasleak}, {"CHESPAIN", Type::cardiac},
    {"CHOKE", Type::resp}, {"CIVDIS", Type::disord}, {"CIVIL", Type::citasst}, {"CNTRFT", Type::larceny},
    {"CRIMPS", Type::larceny}, {"CRIMTRAF", Type::reckdrv}, {"CURFEW", Type::persusp}, {"DEATHNTF", Type::death},
    {"DIABETIC", Type::sick}, {"DISVEH", Type::thaz}, {"DROWN", Type::resparr}, {"DRUGPAR", Type::disord},
    {"DRUGS", Type::disord}, {"DUI", Type::reckdrv}, {"DVNA", Type::dva}, {"ELEC", Type::trauma},
    {"ELUDING", Type::reckdrv}, {"ESCAPE", Type::persusp}, {"EXPOSURE", Type::sick}, {"EXTORT", Type::larceny},
    {"EYE", Type::trauma}, {"FAIRC", Type::air}, {"FALL", Type::trauma}, {"FAPT", Type::fstru},
    {"FARSON", Type::fstru}, {"FELEC", Type::fstru}, {"FFUEL", Type::gasleak}, {"FIGHT", Type::assault},
    {"FIREWRKS", Type::disord}, {"FMARINE", Type::fveh}, {"FORCENTR", Type::citasst}, {"FOTHER", Type::fbrush},
    {"FRAUD", Type::larceny}, {"FREPORT", Type::funk}, {"FSMOKE", Type::fstru}, {"FTRAILER", Type::fstru},
    {"FTRAIN", Type::fveh}, {"FTRASH", Type::fbrush}, {"FTRUCK", Type::fveh}, {"HARR", Type::disord},
    {"HAZMAT", Type::gasleak}, {"HEADACHE", Type::sick}, {"HEMRG", Type::trauma}, {"HOMICIDE", Type::death},
    {"HOSTAGE", Type::abductnf}, {"INDECENT", Type::sexoffns}, {"INFO", Type::citasst},
    {"INTERNET", Type::larceny}, {"INTOX", Type::disord}, {"INVEST", Type::citasst}, {"LIQUOR", Type::disord},
    {"MCI", Type::majorinc}, {"MISBOATR", Type::water}, {"MISCON", Type::disord}, {"MVA", Type::mvainjy},
    {"MVAHR", Type::mvainjy}, {"MVAUNK", Type::mvainjy}, {"NEGLECT", Type::assault}, {"NOISE", Type::disord},
    {"ODOR", Type::gasleak}, {"OPEN", Type::persusp}, {"ORDERV", Type::dva}, {"PANDEMIC", Type::sick},
    {"PARKING", Type::citasst}, {"PERFND", Type::permiss}, {"PERWANT", Type::persusp}, {"PHANDLE", Type::disord},
    {"PROPFND", Type::citasst}, {"PROPLOST", Type::citasst}, {"PROPSTLN", Type::larceny}, {"PUBWKS", Type::citasst},
    {"PURSUIT", Type::reckdrv}, {"RADIAT", Type::gasleak}, {"REPO", Type::citasst}, {"RESCUE", Type::entrap},
    {"RUNAWAY", Type::permiss}, {"SAR", Type::entrap}, {"SHOPLIFT", Type::larceny}, {"SMOKING", Type::disord},
    {"SUICIDE", Type::suicthrt}, {"SUSP", Type::persusp}, {"TERROR", Type::bomb}, {"THREATS", Type::disord},
    {"TOW", Type::thaz}, {"TRAIN", Type::mvainjy}, {"TRAINDRL", Type::mvainjy}, {"TRANSFER", Type::sick},
    {"TRAUMAP", Type::trauma}, {"TRESPASS", Type::persusp}, {"TRUANT", Type::persusp}, {"VANDAL", Type::larceny},
    {"VEHABND", Type::thaz}, {"VEHASST", Type::thaz}, {"VEHLOCK", Type::citasst}, {"VEHREC", Type::citasst},
    {"VEHSTLN", Type::larceny}, {"VEHSUSP", Type::persusp}, {"VICE", Type::larceny}, {"WELFARE", Type::trouble},
    {"WILDLIFE", Type::animal}, {"WIRES", Type::elechzd}, {"XTRACATE", Type::entrap}}};

// Which of several types of the same priority comes first: the cause before what follows from it.
constexpr std::array k_order{
    Type::resparr, Type::shoot,   Type::stabbing, Type::bomb,   Type::fstru,   Type::explos,   Type::air,
    Type::water,   Type::entrap,  Type::abductnf, Type::robbery, Type::suicthrt, Type::od,      Type::stroke,
    Type::cardiac, Type::preg,    Type::burglary, Type::weapon, Type::resp,    Type::peruncon, Type::funk};

}  // namespace

std::size_t rank(Type type) {
    const auto found = std::find(k_order.begin(), k_order.end(), type);
    return static_cast<std::size_t>(found - k_order.begin());
}

bool before(Type a, Type b) {
    if (default_priority(a) != default_priority(b)) return default_priority(a) < default_priority(b);
    return rank(a) < rank(b);
}

const char* code(Type type) { return k_entries[static_cast<std::size_t>(type)].code; }
std::string_view title(Type type) { return k_entries[static_cast<std::size_t>(type)].title; }
int default_priority(Type type) { return k_entries[static_cast<std::size_t>(type)].priority; }

std::optional<Type> type_of(std::string_view wanted) {
    if (wanted.empty() || wanted.size() > 12) return std::nullopt;
    for (std::size_t n = 0; n < k_types; ++n) {
        if (base::equal_ignoring_case(wanted, k_entries[n].code)) return static_cast<Type>(n);
    }
    for (const auto& [folded, type] : k_folded) {
        if (base::equal_ignoring_case(wanted, folded)) return type;
    }
    return std::nullopt;
}

bool sends(Type type) { return type != Type::trouble && type != Type::hangup && type != Type::citasst; }

}  // namespace holdfast::incident
