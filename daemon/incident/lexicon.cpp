#include "incident/lexicon.hpp"

#include <iterator>

namespace holdfast::incident {
namespace {

using T = Type;
constexpr std::nullopt_t k_trap = std::nullopt;

constexpr WordList k_lists[] = {
    // what a structure fire burns in or at
    {"@S",
     "house home apartment apartments building kitchen garage roof attic basement bedroom room stove oven dryer wall "
     "walls porch shed barn store restaurant school church trailer hotel motel office warehouse factory duplex condo "
     "townhouse hallway chimney outlet curtains couch mattress bathroom closet shop townhome deck furnace microwave "
     "casa apartamento edificio cocina garaje cochera techo cuarto tienda escuela iglesia bodega traila departamento "
     "restaurante estufa recamara"},
    {"@V",
     "car truck van suv rv semi bus vehicle motorcycle tractor motorhome camper pickup sedan minivan jeep boat train "
     "trailer-truck eighteen-wheeler carro coche camion camioneta auto troca moto autobus lancha vehiculo engine hood "
     "locomotive tesla taxi cofre motor"},
    {"@B",
     "grass brush woods forest field trash dumpster fence tree trees hill hillside pasture leaves mulch bushes bush "
     "yard weeds lawn canyon ravine ditch garbage bin brushfire median embankment pasto zacate basura basurero "
     "monte bosque cerro arbol arboles hierba matorral campo lote barranca contenedor"},
    {"@F", "fire flames flame smoke smoking burning burned fuego llamas humo incendio lumbre quemando"},
    {"@R",
     "husband wife boyfriend girlfriend ex spouse partner fiance ex-husband ex-wife ex-boyfriend ex-girlfriend "
     "babydaddy esposo esposa marido novio novia pareja exnovio exesposo exmarido exnovia"},
    {"@H",
     "hit hits hitting hurt beat beats beating punched punching slapped slapping choked choking kicked kicking "
     "pushed pushing shoved shoving grabbed threw throwing threatening threatened attacked attacking strangled "
     "strangling abusing abusive swinging aventando avienta jalando pego pegando pega golpeo golpeando golpea golpearon golpearme pegarme golpeandome empujo empujando amenaza "
     "amenazando amenazo ahorcando ahorco avento maltrata jalo jaloneando agrede agredio"},
    {"@K",
     "child kid kids son daughter baby toddler boy girl mom mother dad father grandma grandmother grandpa grandfather "
     "husband wife brother sister sister's nephew niece grandson granddaughter uncle aunt friend cousin roommate "
     "neighbor patient stepson student infant newborn"},
    {"@N",
     "hijo hija nino nina bebe mama papa abuela abuelo esposo esposa hermano hermana sobrino sobrina nieto nieta tio "
     "tia suegra suegro vecino vecina primo prima amigo amiga senor senora hijito hijita"},
};

constexpr Phrases k_lexicon[] = {
    // ---- traps first: what only looks like a sign
    {k_trap, ' ',
     "flu/tetanus/booster/vaccine/covid/allergy/rabies shot/shots|shot/shots glass/glasses|took/take/takes a shot at/it|give it a shot|"
     "screenshot*|photo shoot/shooting|shoot/shot me/him/her a text/message/email|shot of whiskey/tequila/vodka/espresso|"
     "long shot|big shot|?a/the shooting star/stars/range/hoops/pool/baskets|movie shoot|slap shot|jump shot|"
     "stable|stabbing pain/pains|stab at|nail/glue/heat/caulk/staple/water/nerf/spray/squirt/bb/toy/radar/massage gun|gun range/store/shop/show/safe/violence/club|"
     "jump/jumped the gun|heart attack on|cut me off|cut us off|cut him off|cut off|cut out|cut the grass|cut it out|"
     "fire department/dept/station/truck/trucks/engine/engines/fighter/fighters/house/marshal/chief/hydrant/escape/extinguisher/sale/inspector/inspection/code/pit/place/wood/lane/sauce|"
     "fire alarm/alarms company|firefighter*|fireman/firemen|fire works|fire/fired away|fired me/him/her|got/was/been/were/getting fired|fireplace*|firewood|"
     "police fire or ambulance|police fire or medical|fire police or ambulance|fire or ambulance|"
     "team/player/he's/curry/pitcher on fire tonight/lately/today|backfire/backfired|campfire/bonfire/barbecue/barbeque/bbq|controlled/permitted/prescribed burn|burn permit/ban/pile|"
     "burning pain/sensation/question|burn*/burning calories|heartburn|sunburn*|burned/burnt out|crash diet/course/pad|computer/laptop/website/phone/app/server/stock/market crash/crashed|"
     "crashed on my/the couch/sofa|accident report/attorney/lawyer|had an accident in/on|potty accident|"
     "heat/sun stroke|sunstroke|heatstroke|stroke of|breast/back/brush stroke|nearly/almost/practically/about had/have/having a heart attack|"
     "gave/give/giving me a heart attack|heart attack grill|heart attack burger|"
     "attacked by a/the/my/two/his/her/their ?big/pit/stray/neighbor's dog/dogs/bull/pitbull/cat/raccoon/bear/coyote|"
     "dead battery/phone/end/line/lock/bolt/air/zone/weight/tired|battery/phone/car is ?almost dead|almost dead|dead asleep|"
     "scared/bored/worried/tired to death|drop dead|i'm dead|dead serious|dead wrong|died laughing|phone/battery died/dies/dying|car died|dying to|"
     "kill/kills/killed/killing me if|going/gonna to kill me if|is going to kill me if|will kill me if|my mom/dad/boss/wife/husband will kill me|kill the engine/lights/power|killing time|"
     "kill two birds|buzz kill|back is killing me|feet are killing me|suicide squad/squeeze/prevention/hotline/awareness|"
     "bath bomb/bombs|photobomb*|photo bomb|bomb cyclone|the bomb dot com|da bomb|was the bomb|cherry bomb|bomb/bombed test|bombed my/the/his|"
     "missing a tooth/teeth/finger/link/package/button|missing you|missing work/school/class|missing my/our package/mail/wallet/keys/phone|i'm missing|"
     "lost my job/password|lost the/my call/signal/connection|package/wallet/phone/purse/bike/money/keys/mail/ring ?is missing|"
     "stole second/third/a/the base/home/show|steal/steals second|stealing bases|"
     "rob*/robbed blind|bank robbery movie|"
     "broke down crying|broke down in tears|breaking up|break up|broke up|breaking news|coffee break|break room|spring break|lunch break|break in the|"
     "broke my/the/his heart/phone/window/glasses/lease|"
     "following the/your/these/instructions|follow up|following up|"
     "out of gas|gas station/stations/pedal/prices/money/card/bill/company/grill/tank|gas and tolls|gas mileage|pass gas|"
     "no pain|"
     "sick of|sick and tired|sick day/days/leave|pain in the neck/butt|painful to watch|pain reliever|"
     "water bottle/fountain/slide/polo|flames/smoke shooting|pole/tree/wire/line/branch/limb/sign/ladder/light/tile/ceiling fell ?down/off/over|"
     "drowning in|in hot water|flood of|flooded with calls|"
     "fell/fall/falling asleep/apart/behind/through/for/in|fell in love|fall semester/season|this/last/next fall|"
     "bleeding the brakes|bleeding heart|hurt my/his/her/your/their feelings|hit the road/gym/jackpot/sack|hit me up|hit song|hit or miss|"
     "hit/hits/hitting send|bite to eat|bites to eat|"
     "labor day|labor union|labor costs|"
     "let me catch my breath|need to catch my breath|take my breath|out of breath from running|breath* fresh|"
     "crazy how/good/busy/long/expensive/loud|like crazy|driving me crazy|it's/that's crazy|"
     "seized my/the/his/her/our car/house/account/property|bank seized|"
     "overdue|blow/blew/blowing up the/a/some balloon/balloons/mattress/tire|phone is/was/keeps blowing up|blew/blow/blowing up at/my|blow dryer|"
     "stuck in traffic|trapped in a/my/this job/marriage/meeting|"
     "wrong way to|the wrong way i|is this the wrong|"
     "race/racing heart|heart is/keeps racing|racing thoughts|"
     "choke point|choked up|choking back|"
     "watching .. on tv/television|on the news|in a movie|in the movie|fight/fighting cancer/traffic/with insurance|fight over the phone|fight fires|"
     "strikes/strike zone|party of|third party|birthday party|party supplies|"
     "shock absorber|smoke break|smoke shop|smoke pot|smokes a lot|smoking section|smokes/smoking cigarettes/weed|"
     "rob banks|"
     "no problem/problems|violin|violet|stabilized|"
     "training exercise|exercise exercise exercise|exercise exercise|"
     "arma de doble filo|muerto de hambre/cansancio/risa/miedo/sueno/frio|muerta de hambre/cansancio/risa/miedo/sueno|bateria muerta|"
     "me muero de|se cayo un/el/una cable/poste/arbol/rama|"
     "falta de|robo de sueno|prueba de embarazo/covid/manejo|"
     "estacion de bomberos|camion de bomberos|bomba de agua/gasolina|bomba de la alberca|"
     "gasolinera|accidente de trabajo de|se me fue|violin|"
     "estoy harto|de milagro"},

    // ---- law
    {T::shoot, ' ',
     "loud pops|pops like gunshots|got/was/been/were/is/are/he's/she's/they/just/getting/be shot|shot him/her/me/them/my/at/in/someone/somebody/a/the/two/three|"
     "shot/shots/gunshot/gunshots fired/ring/rang|gunshot*|gun shot/shots/fire|gunfire|gun going off|gun went off|"
     "shooting at/into/people/everybody/everyone/each/someone/us|shooter*|active shooter|a/the/this shooting|drive by|driveby|drive-by|"
     "shooting|opened/opening/open fire|firing a/his/shots/guns/into|bullet/bullets|shot|heard ?some/several/two/three/four/multiple/like/six/five shots|"
     "sounded/sounds/sounding like shots/gunshots/gunfire|fired a/his gun|fired shots|shot up|"
     "disparo/disparos|disparando|disparan|dispararon|disparo a|balazo/balazos|balacera|baleado/baleada|balearon|le/nos/me/les disparo/dispararon|tiroteo|tirotearon|tiros|"
     "tirando balazos/tiros|echando bala/balazos|un tiro"},
    {T::stabbing, ' ',
     "stab|stabbed|stabbing|stabs|knifed|knifing|cut/sliced/slashed me/him/her/my/us with a|slash/slashed/slashing me/him/her/my/his/them/someone/people/at|"
     "got/was/been cut with a ?big knife/machete/blade|cut/slash him/me/her up|stab wound/wounds|"
     "apunal*|acuchill*|punalada/punaladas|lo/la/me/le picaron|picaron con|le dieron un/una navajazo/cuchillada|cuchillada/cuchilladas|navajazo*|"
     "lo/la cortaron con"},
    {T::assault, ' ',
     "swinging on/at|swung at|hit/hits/hitting me/him/her/us/them/somebody/someone|punch*|beating/beaten/beat up|beating him/her/me/on/them/a/my|beat me/him/her/my/them/us|being beaten|got beat|"
     "got/getting/was/been/being/just jumped|jumped me/him/her/us/my/a|jumping a/him/her|attacked by|attacking/attacked me/us/him/her/my/people/someone/everyone|assault*|"
     "fighting|fist fight|fistfight|a/big/huge fight|fight broke|fight in/at/outside|fights|brawl*|fight going|"
     "choking/choked me/her/him/my|strangl*|threw/throwing/throws something/things/stuff/rocks/a/bottles at|slapped me/him/her/my|slapping|kick*/kicking me/him/her|head butted|"
     "spit/spat on/at me|elder/child abuse|abusing ?the/my/her/his @K|hitting ?the/a/my/his/her @K|jumping on him|stomping on|pushed me/him/her down|"
     "me/lo/la/le/nos golpe*|golpean/golpeando/golpearon/golpeo a|me/le/lo/la/nos ?estan/esta/estaba pego/pegaron/pegan/pegando|pegandole|pelea|peleas|pelean*|peleandose|golpiza|me/lo/la/nos ataco/atacaron|atacando|ataco/atacaron a|agredi*|"
     "madriza|a golpes|lo estan golpeando|golpes|lo patearon|patadas"},
    {T::dva, ' ',
     "@R .. @H|@R won't let me leave/out/go|@R won't let me ?get leave|domestic|domestic violence|restraining order|protective order|protection order|order of protection|"
     "no contact order|violat* .. order|@R is beating/drunk .. me|@H by my @R|@R broke/kicked my/the door|beats his wife|hitting his wife/girlfriend|beating his wife/girlfriend|"
     "hitting her husband/boyfriend|mi @R me quiere/va matar|@R .. trying/try/tried to kick/break/bust ?down/in ?the/my door|@R .. kicking ?in/down ?the/my door|@R .. no me deja|violencia domestica|orden de restriccion|orden de proteccion|orden de alejamiento|@H a su esposa/mujer/novia/pareja|mi @R me @H|@R .. pegarme/golpearme/matarme|quiere pegarme/golpearme|"
     "golpea* a su mujer/esposa/novia|le ?esta/estaba pega/pego/pegando a su esposa/mujer/novia|@R me/nos/le .. @H|@R me esta"},
    {T::sexoffns, ' ',
     "rape|raped|raping|rapist|sexual/sexually assault/assaulted/abused/abuse/harassed|molest*|exposed/exposing/exposes himself|exposing himself|flashed me/us/my/the|flasher|"
     "groped|grope|touched me/her/him inappropriately|touching her/him/me/my inappropriately|touched my daughter/son|masturbat*|peeping tom|forced himself on|tried to rape|"
     "violo|violada|violado|violaron|violar|violando|violacion|violador|abuso sexual|abusaron de|abuso de|abusando|abusaba|me/la/lo toco|me/la manoseo|manosear|manoseando|se desnudo|se bajo los pantalones|ensenando sus partes|se esta masturbando"},
    {T::robbery, ' ',
     "rob|robbed|robbing|robbery|robber|robbers|hold up|holdup|held up at|held/holding us/me/them up|at gunpoint|at knifepoint|stick up|stickup|mugg*|carjack*|"
     "snatched my/her/his purse/bag/phone/chain/wallet|took my/his/her wallet/purse/phone/money/bag and ran|took my car|"
     "robbery/panic/holdup alarm|hold up alarm|gave/give him the money|emptied the register|demand* money|"
     "ran/running out of the bank with masks/guns/bags/money|acaban/acaba de asaltar/robar|asaltar*|robo a mano armada|asalto a mano armada|asalto|asaltaron|asaltando|asaltado|asaltan|asaltantes|me/nos/lo/la/le robaron con|robaron/robando/robo con pistola/cuchillo/arma|robo con/armado|"
     "me quito/quitaron la cartera/bolsa/camioneta/moto|nos quitaron|estan robando la/el/en|"
     "robando el banco|me arrebataron|me arrebato"},
    {T::burglary, ' ',
     "burglar/burglary/store's/store/business/house alarm ?is/was going/went|glass is/was smashed|smashed the door/glass|breaking/break/broke/broken/breaks in|breaking/break/broke/broken into|kicked/kicking in my/the/our|kicked my/the/our door|"
     "pried open|been pried|@S .. pried|door was/is/been ?just kicked in|door kicked in|intruder*|someone/somebody/stranger/man/guy in/inside my/our/the house/home/apartment/garage/basement|burglar*|burglariz*|"
     "climbing/climbed/crawling/coming ?in through my/the/a window|breaking/broke my/the ?back/front window|breaking glass|prying .. door/window|"
     "house was/got broken|in my house right now|in the house with me|home invasion|broke the lock|forced the door|window is/was smashed .. gone|"
     "people downstairs that don't|footsteps downstairs|someone is/downstairs|someone downstairs|somebody downstairs|guys inside|someone/somebody/man/men inside my/the/our house/shop/store/garage|"
     "se estan metiendo|se esta metiendo|se metieron|se ?me/nos metio alguien/un/por/una|metiendose|se quiere/quieren meter|entraron/entro a mi/la casa|entraron a robar|ladron|ladrones|"
     "estan/esta forzando la/mi/una puerta/ventana|forzando|forzaron|rompieron/rompio la ventana/puerta/chapa|alguien en/adentro ?de mi casa|alguien adentro|hay alguien en mi|"
     "tumbaron la puerta|brincaron la barda|brinco la barda|esta adentro de mi casa"},
    {T::weapon, ' ',
     "threaten*/going/wants/gonna to ?shoot shoot/stab/kill me/us/everybody/everyone/him/her/someone/people/them|threaten* to shoot/stab/kill|has/got/had/with/carrying/holding/pulled/pulls/pulling/have a/his/an ?big/loaded/hand gun/knife/rifle/machete/pistol/shotgun/handgun/firearm/weapon/revolver/ax/axe/sword/bat/crowbar/ar|"
     "waving a/an/his ?hand/big gun/knife/rifle/machete/pistol/shotgun/axe/sword/weapon|pointing/pointed/points a/his/the gun/rifle/pistol/knife/shotgun|pointing it at|"
     "he's/she's/is/are/they're/man/guy armed|armed with/man/guy/suspect|threatening/threatened/threatens/chasing/chased/attacking .. with a/an ?big hammer/knife/bat/gun/crowbar/machete/axe/pipe/stick/weapon/bottle/shovel|with a hammer/bat/crowbar/axe/pipe|brandish*|gun|guns|handgun|handguns|shotgun|rifle|pistol|machete|has a weapon|knife|weapon|"
     "con navajas|navajas|tiene un/una/el/la pistola/arma/cuchillo/machete/rifle/escopeta/navaja|con un/una pistola/cuchillo/machete/arma/rifle/navaja/escopeta|armado|armada|armados|"
     "me/nos/le apunto|apuntando|apuntandome|apuntandonos|trae/traen/traia/carga/saco un/una pistola/arma/cuchillo/machete/navaja/rifle|pistola|cuchillo|machete|rifle|escopeta|un arma|navaja"},
    {T::suicthrt, ' ',
     "wants/want/wanted to end it|kill/hurt/hang/shoot/cut myself/himself/herself/themselves|killed himself/herself|killing myself/himself/herself|suicid*|end/ended/ending my/his/her/it ?own life/all|take/took his/her/my own life|"
     "?is/he's/she's/i'm going/gonna/wants/want/threatening/about/ready/trying to jump|gonna jump|wants/want to die|take her/his own life|"
     "cut/cutting/slit/slitting/slashed his/her/my wrist/wrists|razor to my/his/her wrists|don't/doesn't want to live/be|not want to live|rather be dead|"
     "barricaded himself/herself|barricad*|hanged himself|hanging from|goodbye note|suicide note|better off dead|jump off/from the|"
     "razor blade .. wrists|no reason to live|"
     "se quiere/quiso/va a/trata/intenta/intento matar|se va a matar|se va/quiere a tirar|se quiere tirar/aventar|va a saltar|se va a aventar|me quiero morir|quiero morirme|se quiere morir|me voy a matar|quiero/voy matarme|quiero/voy a matarme|matarse|"
     "quitarse/quitarme/quitar la vida|se corto las venas|cortarse las venas|ya no quiere/quiero vivir|se va a ahorcar|se ahorco|se quiere cortar|colgarse|se colgo|hacerse dano|se atrincher*"},
    {T::abductnf, ' ',
     "kidnap*|abduct*|took my/her/his/the/our ?little child/kid/kids/son/daughter/baby/boy/girl/children/granddaughter/grandson|taken my child|grabbed a/my/the girl/boy/child/kid/woman ?and/into|"
     "being/been held|held/holding me/us/her/him/them hostage/captive/against/here|hostage*|won't let me/us/her out of the|locked me in|tied me/him/her/us up|tied up|"
     "grabbed a/the/my/this ?little/young girl/boy/child/kid/woman|forced me/her/him into a/the/his ?van/car/truck|forced into a|pulled a girl into|dragged her/him into|snatched a/my/the child/kid/girl/boy/baby|trafficked|trafficking|"
     "secuestr*|se llevaron/llevo a mi/la/una/el/un|me tienen|nos tienen|tienen a un/una|amarrad*|rehen|rehenes|rapto|raptaron|raptado|me tiene encerrada/encerrado|encerrada contra|subieron a la fuerza|la subieron a|lo subieron a|a la fuerza a un"},
    {T::permiss, ' ',
     "missing person/child/kid/boy/girl/woman/man/teenager|@K is/are/has/gone ?been/gone missing|@K missing|is/are/been/went/gone/he's/she's/goes missing|missing since/for/from|can't/cannot/couldn't/can find my/our/his/her/him/a/the ?five/four/two/three/six/year/old/little/elderly @K|"
     "can't/couldn't find him/her/them/my|lost child/kid/boy/girl|ran/run/running away from/last|ran away|runaway|wandered/wander/wandering off/away|wandering in/around/alone/down|walked away from the ?nursing/group home|found a ?little/lost child/kid/toddler/boy/girl|"
     "hasn't/haven't/never/didn't come/came/returned/return home|never came home|haven't/hasn't seen him/her .. since|disappear*|lost my ?little/autistic son/daughter/child/kid/boy/girl|"
     "toddler/kid/child walking/wandering alone|alone in the street|little boy .. by himself|little girl .. by herself|"
     "nino/nina/bebe solito/solita|nino/nina .. solo/sola/solito/solita .. calle|perdido|perdida|no encuentro/encontramos a|no encuentro/encuentran a|desapareci*|no aparece|se escapo|se extravio|extraviado|extraviada|no ha regresado/vuelto/llegado|no regreso|se me perdio|"
     "nino perdido|nina perdida|se salio de la casa .. no"},
    {T::death, ' ',
     "he's/she's been gone a|been gone a while|he's/she's gone and cold|dead body|found .. dead|body/corpse in the|a body|human remains|corpse|deceased|cold and stiff|cold and not moving|stiff and cold|cold to the touch|murder|murdered|homicide|"
     "is/he's/she's/was/been ?already dead|been dead|passed away|is dead|are dead|he/she/they/who died|died in|human bones|skeleton|killed ?my/a/him/her ?wife/man/someone|decompos*|"
     "muerto|muerta|muertos|cadaver|cadaveres|cuerpo sin vida|un cuerpo|huesos humanos|restos humanos|huesos|asesin*|fallecio|fallecido|fallecida|mataron|lo mataron|murio|esta frio/fria y/tieso|frio y tieso"},
    {T::persusp, ' ',
     "waiting for me outside|outside my ?job/work/house/apartment waiting/watching|jiggling ?the/my door/doorknob/handle|doorknob|watching my/the house|hiding in/behind ?the/my bushes/yard|outside my window|suspicious|prowl*|peeping|lurking|casing|someone/somebody/man/guy/person knocking|knocking on my|trying/tried/tries ?the/to/my/our door/doors/handle/handles/open|trying to open/get|"
     "looking in/into ?all/the/car/people's ?the/car cars/windows/window/houses|looking in/into|checking car doors/handles|pulling on car/door handles/doors|"
     "following/followed/follows me/us/her/him|keeps following|chasing/chased me/us/her/him|stalk*|won't/will/refuses/refusing leave|won't leave|to leave and he/she won't|not leaving|unwanted|trespass*|"
     "strange/weird man/guy/person/car/van|hanging around|loitering|staring at/into|someone .. outside my window/door|somebody .. backyard|someone in my backyard/yard|in my backyard|circling the block|"
     "flashlight in the|sitting in a/the parked|sleeping in my/the|peeking in|looking/peeking through my/our/the window/windows|squatter*|"
     "sospechos*|merodea*|me/nos/la/lo esta/estan/viene/vienen siguiendo|siguiendome|me sigue/siguen|me persigue/persiguen|persiguiendo|no se quiere/quieren ir|no se va|tocando la/mi puerta|mirando por la ventana|asomandose|"
     "asomado|espiando|viendo los carros|rondando|dando vueltas|hombre extrano|un extrano|probando las puertas|abrir los carros|no quiere irse|siguiendo a"},
    {T::disord, ' ',
     "loud music/party/noise/neighbors|music .. loud|music blasting|blasting ?his/her/their music|noise complaint|so/too/very/really much/loud/noisy|making noise|too much noise|how loud|party/parties next|party going|partying|"
     "arguing|argument|yell*|scream*|shouting|naked|nude|no clothes on|drunk guy/man/woman/people/and/person|drunk .. yelling/screaming|really/very/is/are drunk|intoxicated|threatening|threatens/threatened to|threats|threaten|harass*|bothering customers/people|"
     "disturb*|public urination|urinating|peeing on|drug deal*|dealing/selling/smoking/doing/using/shooting drugs|drugs in|crackhead|smoking crack/meth|on drugs|panhandl*|shooting ?off fireworks|fireworks|firecrackers|riot*|rioting|protest*|"
     "causing a scene|causing trouble|refus* to pay|kids playing ball|setting off fireworks|cursing at|swearing at|loud|crowd|rowdy|"
     "musica .. alta/fuerte/volumen|musica a todo|mucho ruido|hacen/haciendo ruido/escandalo|ruido|escandalo|fiesta|discut*|discusion|gritando|gritos|grita*|grito|gritandole|borracho|borracha|borrachos|tomados|amenaz*|acos*|desnudo|desnuda|"
     "vendiendo drogas|drogandose|cohetes|orinando|molestando|insultando|pleito"},
    {T::larceny, ' ',
     "stole|stolen|stealing|steal|theft|thief|thieves|shoplift*|my/our/the ?work car/truck/bike/van/motorcycle/suv/catalytic/trailer is/was/got gone/missing|car's gone|car is not where|"
     "scam*|fraud*|graffiti|spray painted|spray painting|keyed my/the/his|vandal*|broke my car window|smashed my/the car window|smashed .. windshield|slashed my/all tire/tires|slashed .. tires|identity theft|counterfeit|"
     "hacked my|porch pirate*|took my package/packages/bike/mail|took a package|package .. off my porch|egged my|bad check*|credit card .. used|used my ?credit card|money is gone|bank account .. gone|took all my money|"
     "walked/walking/ran out without paying|didn't pay|without paying|me/nos/le robaron|robaron|me/se robo|se robaron|robo|robando|robaron el/mi/la carro|hurto|estafa*|fraude|rayaron|me rayaron|grafiti|clonaron|se llevaron mi/el/la/las/los carro/bici/bicicleta/troca/camioneta/moto/paquete/herramienta/herramientas|"
     "se llevaron mis|ya no esta mi/el carro|poncharon|rompieron el vidrio|quebraron el vidrio|ladron de|me hackearon|me sacaron"},
    {T::bomb, ' ',
     "bomb|bombs|bomber|bomb threat|explosive|explosives|explosive device|suspicious package/bag/backpack/box|pipe/box/package/backpack with wires|ticking|grenade|dynamite|blow ?the/up up the building/school/place|going to blow up the|"
     "white powder|anthrax|bomba|bombas|explosivo|explosivos|paquete/mochila/maleta/caja sospechos*|granada|dinamita|volar el edificio/la"},

    // ---- medical
    {T::resparr, '!',
     "not/isn't/aren't/wasn't/ain't ?even/really breathing|isn't/not even/taking breathing/breaths|stopped/quit/stops breathing|no pulse|no/without heartbeat|hasn't/doesn't have/got a pulse|can't/couldn't find/feel/get a pulse|"
     "no longer breathing|barely breathing|hardly breathing|don't think he's/she's/he/she/they're ?is breathing|doesn't seem to be breathing|"
     "doing/started/starting/give/giving/performing cpr|cpr|turning/turned/going/went/is/lips/he's/she's/are blue|blue in the face|blue lips|lips are blue|drowned|agonal|gasping|gurgling|snoring breath*|cardiac arrest|heart stopped|"
     "not breathin|dead i think and not|found .. in the pool|bottom of the pool|pulled him/her from the pool|face down in the pool/water|"
     "no respira|no esta/estan respirando|dejo de respirar|ya no respira|no esta respirando|sin pulso|no tiene pulso|se/esta/puso/poniendo ?puso morado/morada/azul|esta morado/morada/azul|poniendo morado/morada/azul|"
     "se ahogo en|se ahogo|ahogado en la|paro cardiaco|paro respiratorio|haciendo/haciendole cpr|no le late"},
    {T::peruncon, '!',
     "unconscious|uncon*/unconcious|passed out|passing out|unresponsive|not awake|isn't awake|not/isn't responding/responsive|won't/wont/doesn't/can't/wouldn't/not wake/waking/respond up|won't wake|can't/couldn't wake him/her/my/them|can't get him/her to wake|not conscious|"
     "not waking|he/she/just/and/lady/man/woman/who/who's/suddenly collapsed|collapsed|collapse|faint*|slumped|knocked out|blacked out|out cold|not moving|isn't moving|lying/laying/laid on the/in ground/sidewalk/street/floor|"
     "man/person/guy/woman/somebody down|doesn't/won't respond|limp|"
     "inconsciente|inconscientes|se desmay*|desmayado|desmayada|desmayo|no reacciona|no despierta|no responde|no contesta ni se mueve|no se mueve|se desplom*|desplomado|perdio el conocimiento|sin conocimiento|tirado en el/la|tirada en el/la|desvanecio|no vuelve en si|no se despierta"},
    {T::resp, ' ',
     "swallowed ?a quarter/coin/penny/nickel/marble/toy/grape|can't/cannot talk .. swallow*|food stuck|trouble/can't/cannot/hard catch*/getting my/his/her/their/a breath|catch* .. breath|not/isn't/aren't breathing right/well/normal*/good|can't/cannot/couldn't/can/unable ?hardly/barely/to breathe|can barely/hardly breathe|trouble/difficulty/hard/problems/problem/struggling/struggle time/to breathing|hard time breathing|trouble/difficulty/problems breathing|hard to breathe|struggling to breathe|"
     "short/shortness of breath|asthma ?attack|choking|choked on|choke|chokes|allergic|anaphyla*|epipen|epi pen|throat .. closing|throat .. swelling|throat .. swollen|tongue .. swelling|stung .. swelling|bee sting|breathing funny/weird/fast/heavy|"
     "wheez*|breathing really/very/so fast/hard|hyperventilat*|inhaler|something stuck in his/her/my throat|stuck in his/her/my throat|gasping for air|copd|oxygen tank|croup|"
     "no puede/puedo/pueden/podia respirar|le/me falta el aire|falta de aire|le/me cuesta respirar|dificultad para respirar|batalla para respirar|asma|asmatico|asmatica|se esta ahogando con|se ahoga con|se ahogo con|atragant*|ahogandose con|alergia|alergico|alergica|reaccion alergica|"
     "se le cierra la garganta|cerrando la garganta|garganta cerrada|hinch* .. garganta|respirando raro|respira/respirando muy rapido|se esta asfixiando|asfixia*|se le atoro|picadura de abeja"},
    {T::cardiac, ' ',
     "chest pain/pains|chest hurt*|chest is hurting/tight/killing|chest tightness|tightness in .. chest|pain/pains/pressure in/on ?his/her/my/the chest|pain in ?my/his/her ?left arm|pressure .. chest|chest .. pressure|"
     "heart attack|pain .. left arm|left arm .. numb/hurts/hurting/pain|crushing chest|heart .. fast/racing/skipping/fluttering|heart is beating|palpitation*|pacemaker|defibrillator .. shock*|elephant on|heart problem/problems/trouble/condition/failure|a fib|afib|"
     "dolor de/en el/mi/su pecho|dolor de pecho|dolor en el pecho|duele el/mucho pecho|le/me duele ?mucho el pecho|infarto|infartando|ataque al corazon|ataque cardiaco|opresion en/del el pecho|presion en el pecho|opresion|aprieta el pecho|palpitaciones|marcapasos|brazo izquierdo|problemas del corazon|"
     "corazon .. rapido"},
    {T::stroke, ' ',
     "words .. coming out funny/wrong/weird|seeing double|can't see out of|blurr* vision|stroke|face .. droop*/drooping|droopy face|face .. one side|one side of ?his/her/my/the/their face/body|slurr*|slurred speech|speech .. slurred|can't move/lift/raise/feel his/her/my ?right/left/one arm/side/leg|can't speak/talk right/all/suddenly|"
     "mouth .. crooked/twisted|half of ?his/her face/body|side .. numb|numb on one side|suddenly confused|sudden confusion|talking gibberish|words .. come out|not making ?any sense|left side is/went|right side is/went|"
     "no puedo/puede mover la/media mitad/cara|mitad de mi/la/su cara|derrame|derrame cerebral|embolia|cara .. caida/chueca/torcida|boca .. chueca/torcida|se le torcio la/boca|se le cayo la cara|no puede hablar/mover|habla raro|arrastra las palabras|arrastrando las palabras|un lado .. dormido/cuerpo/paralizado|lado .. dormido|"
     "medio cuerpo|no siente el/la brazo/lado|paralizado|paralizada|no mueve el/un brazo/lado"},
    {T::seizure, ' ',
     "seizure|seizures|seizing|seized up|having a fit|convuls*|epilep*|shaking and foaming|foaming at|shaking uncontrollably|shaking all over|shaking and not|twitching all|sees your|body .. jerking|eyes rolled back|"
     "convulsi*|ataque epileptico|ataques|epilepsia|epileptico|epileptica|temblando y no|espuma por/de la boca|echando espuma|sacudiendo|se le voltearon los ojos|le dio un ataque"},
    {T::od, ' ',
     "overdos*|over dosed|od'd|od'ed|odd on|odeed|o d d|took too many|took ?a/the whole/all bottle/pills|took all of/his/her/my|took a bunch/bottle/lot/handful of|too many pills|drugged|something in my/her/his drink|ate ?some/a/the mushrooms/berries|swallowed ?a/the battery/batteries|took all ?of her/his/my ?the pills/medicine/medication|drink was/got spiked|fentanyl|heroin|narcan|naloxone|poison*|"
     "swallowed/drank/drink/ate/ingested/eaten ?some/a/the ?bleach/cleaner/antifreeze/detergent/pills/battery bleach/cleaner/antifreeze/poison/detergent/pills/battery/medicine|swallowed/drank/drinking ?some/the bleach/antifreeze/cleaner/drano/gasoline|shot up|meth|"
     "got into .. medicine/pills/medication|needle in/still his/her/arm|bad pill*|laced|alcohol poisoning|"
     "sobredosis|muchas/demasiadas pastillas|se tomo ?todas/muchas/un/el/las ?frasco/bote pastillas/cloro/veneno|se tomo todas|tomo cloro|tomo veneno|se intoxic*|intoxicado|intoxicada|veneno|envenen*|heroina|fentanilo|se trago|bebio cloro|se paso de dosis|se tomo un frasco|se inyecto"},
    {T::trauma, ' ',
     "bleeding|bleed|bleeds|blood everywhere|losing/lost/lot lots/a/of ?lot of blood|lot of blood|hurt|hurts himself|injur*|broke/broken his/her/my/a/the ?left/right hip/leg/arm/ankle/wrist/neck/back/foot/finger/nose/collarbone/knee/elbow/ribs|"
     "broken hip/leg/arm/ankle/wrist/bone/neck|bone .. sticking|fell|fallen|fell off/down/from|has fallen|took a fall|bad fall|burned his/her/my/himself/herself|burned|burnt|burns|scald*|got/was/been burned|fell on ?top/someone's/his/her/my/of head/foot/leg|bit/bitten/bites me/him/her/my/by|dog bite|dog bit|bitten|snake bite|"
     "cut his/her/my/himself/herself/open|cut off his/her/my finger/hand|cut .. deep|bad/deep/nasty cut|gash|hit his/her/my head|hit ?on the head|head injury|ran/run over|run over by|electrocut*|got shocked|amputat*|chopped off|severed|impaled|"
     "concussion|skull|sprain*|dislocat*|twisted his/her/my ankle/knee|stitches|lost a finger|finger/fingers/hand off|crushed his/her/my|attacked by|dogs attack*/attacking|dog ?is attack*/attacking|dog/dogs attacked|caught his/her hand|eye .. hurt/burning/something|something in .. eye|won't stop bleeding|nose bleed|nosebleed|burning .. eye|eye and|mauled|"
     "sangr*|sangrando|mucha sangre|herido|herida|heridos|heridas|se cayo|se cayo de|me cai|caida|se quebr*|se fractur*|fractura|se rompio el/la/una pierna/brazo/cadera/tobillo|se quemo|quemaduras|quemadura|lo/la/me/le mordio|mordida|mordedura|mordio|cortada|se corto|"
     "golpe en la/su cabeza|se pego/golpeo en la cabeza|se lastim*|lastimado|lastimada|lesionado|lesionada|se electrocut*|electrocutado|descalabr*|le cayo encima|picadura de|se machuco|le pico una/un"},
    {T::preg, ' ',
     "had/having a/the/her baby|in labor|in labour|going into labor|labor pains|contraction*|her/my/wife's water ?just broke|water broke|water just broke|water has broken|baby is/baby's coming|baby coming|baby's head|see the head|crowning|having ?a/her/the/my baby/babies|"
     "giving birth|gave birth|give birth|deliver* ?a/the/her/this baby|pregnant|miscarr*|birth|"
     "parto|trabajo de parto|contracciones|rompio la fuente|se le rompio la fuente|se me rompio la fuente|la fuente|ya viene el/mi bebe|viene el bebe|embarazada|dando a luz|dar a luz|va a nacer|naciendo|nacio el bebe|se alivia|va a tener al bebe|dolores de parto|aborto"},
    {T::edp, ' ',
     "mental health|mental breakdown|mental/nervous breakdown|mental crisis|mental help|mentally ill|off/stopped/taking/not/isn't taking ?his/her/my meds/medication/medications/medicine|off his/her/my meds|hearing voices|hears voices|"
     "voices .. telling|acting/going/gone/went crazy/insane/weird/strange/erratic|acting ?really/very erratic*|manic|mania|paranoid|bipolar|schizo*|psychotic|psychosis|hallucinat*|seeing things|delusion*|dementia and|having a breakdown|losing his/her mind|"
     "talking to himself/herself|panic attack|anxiety attack|mental|out of his/her mind|thinks people/someone .. after|"
     "crisis mental|crisis nerviosa|crisis de nervios|salud mental|escucha/oye voces|escuchando voces|oyendo voces|no se ha tomado ?su/sus medicina/medicamento/medicinas|no toma/tomo su/sus medicina/medicinas|dejo de tomar su/sus/la medicina/medicinas|alterado|alterada|esquizofren*|esquizofrenia|bipolar|"
     "alucin*|ve cosas|se volvio loco/loca|esta como loco/loca|ataque de panico|ataque de ansiedad|habla solo|hablando solo"},
    {T::sick, ' ',
     "vomit* sangre|vomit*/throwing/coughing ?up blood|temperature|toothache|earache|sick|vomit*|throwing up|threw up|fever|dizzy|dizziness|lightheaded|light headed|weak|blood sugar|sugar is/dropped/low|diabetic|diabetes|insulin|stomach pain/pains/hurts/ache|abdominal pain|back pain|pain/pains in my/his/her/the|pain|"
     "headache|migraine|heat exhaustion|heat stroke|sunstroke|heatstroke|heat sick|hypothermia|dehydrat*|nausea|nauseous|medical alarm|life alert|medical alert|need/needs/send/want/call an/the ?a ambulance/paramedics/medic|need/send paramedics|need ambulance|"
     "feeling ?really/very/so faint/ill/bad/awful/terrible|not feeling well|don't feel ?so/very/good good/well|doesn't feel ?so good/well|is/very/really ill|kidney stone*|flu|covid|high blood pressure|blood pressure|low blood|stabbing pain/pains|sore|"
     "heartburn|burning pain|diarrhea|infection|swollen|confused|shaky|severe pain|hurts so bad|rash|sweating|medical emergency|pneumonia|"
     "enfermo|enferma|enfermos|vomit*|vomito|fiebre|mareo|mareos|mareado|mareada|mareando|debil|azucar|la azucar|diabetico|diabetica|dolor de|dolor en|dolores|le/me duele|necesito/necesitamos/manden/mande/quiero una ambulancia|una ambulancia|deshidrat*|insolacion|golpe de calor|"
     "se siente/sintio/me siento ?muy mal|se puso/esta ?muy malo/mala|presion alta/baja|nauseas|calentura|escalofrios|migrana|diarrea"},

    // ---- fire and rescue
    {T::fstru, '!',
     "@S .. on fire|@S fire|@S is/was/are/just/caught/burning ?on/down/up/in fire/burning/flames/smoking/engulfed|@S .. caught fire|@S .. in flames|@S .. up in flames|@S .. burning|@S is/are .. smoke|@S .. full of smoke|@S .. filling .. smoke|@S .. filled .. smoke|"
     "@F .. from/in/inside/out/on/at/through/under/behind/coming/of ?of/the/my/our/a/her/his ?my/the/neighbor's/next/back/front/apartment/old/abandoned/upstairs/dorm/third/second/floor @S|"
     "on fire el/la/mi ?mi/casa @S|structure/house/residential fire|flames shooting .. window/windows/roof/door|burning in the walls/wall/house/attic/kitchen/ceiling/vents|electrical smell|grease fire|chimney fire|electrical fire in|fire inside|fire in here|fire upstairs|fire downstairs|"
     "smoke in my/our/the/here/hallway ?hallway|smoke inside|smell/smelling/smells ?the/some smoke inside/in|smoke coming/pouring out/from ?out/of the/a ?upstairs/front/second/attic window/windows/vent/vents/outlet|smoke from the vents|flames .. window/windows|"
     "window/windows .. flames|trapped .. fire/smoke|balcony .. fire|fire .. balcony|arson|"
     "floor .. fire|fire .. floor|fire .. unit|unit .. on fire|everyone out .. fire|"
     "@F .. de/del ?la/el/mi/una/un @S|@F .. en/de/del/por/desde/adentro ?de/el/la/mi/un/una @S|@S .. @F|se ?esta quema/quemando ?la/el/mi/una/un @S|quema* ?la/el/mi/un/una @S|@S .. se esta/estan quemando|@S .. en llamas|incendio en/de ?el/la/un/una/mi/los @S/apartamentos|"
     "humo saliendo/sale de/del ?la/el/mi @S|humo en ?el/la/mi/los apartamento/casa/edificio/pasillo|incendio en mi|se incendio/prendio la/el/mi/una/un @S|prendio fuego|sale humo de la/el/mi @S|huele a quemado|fuego en la/el @S"},
    {T::fveh, '!',
     "@V .. on fire|@V fire|@V .. caught fire|@V is/just/are/was ?fully/totally burning/smoking/engulfed|@V .. in flames|@V .. burning|@V .. flames|smoke/flames/fire .. from/under/out/coming ?of/from/the/my/under/his/a ?the/my/a/his @V|@V .. smoking|"
     "smoke .. hood|flames .. hood|@F .. @V|"
     "@V .. @F|@V .. en llamas|@V .. se esta quemando/incendiando|@V .. quemandose/incendiandose|se esta quemando/incendiando un/el/mi/una @V|quema* un/el/mi @V|se quema un/el/mi @V|incendio ?de un @V|se incendio un/mi/el/la @V"},
    {T::fbrush, ' ',
     "hay/bales/haystack fire/burning|@B .. on fire|@B fire|@B fires|@B .. caught fire|@B is/are/was ?all burning|@B .. in flames|wildfire*|wild fire|forest fire|brush fire|fire .. in/on/behind/along/by/at the ?back/dry/side/of @B|smoke/flames .. on/in/from/over/behind/coming the ?back @B|burn out of hand|"
     "burn .. out of hand|burn .. out of control|fire/flames .. @B|burning the/some ?dry leaves/trash/brush/field|outside fire|fire .. side of the ?road/highway/freeway|fire along the|burning trash|fire spreading/spread|bonfire .. out|"
     "campfire .. out/unattended/spreading|"
     "incendio forestal|@B .. @F|@B .. en llamas|@B .. quemandose|se ?esta quema/quemando ?el/la/los/un/una @B|fuego en el/la/los @B|humo en el/la @B|@F .. en el/la/un/los @B|quema* basura|quema* ?el/la @B"},
    {T::funk, ' ',
     "fire|fires|flames|on fire|smoke|burning|in flames|engulfed|smell smoke|something .. burning|smelling smoke|"
     "fuego|incendio|humo|llamas|lumbre|quemando|quemandose|incendiando|se quema|quema algo"},
    {T::alrf, ' ',
     "fire alarm/alarms|smoke alarm/alarms/detector/detectors|alarm .. going off|alarm is/are/keeps/went/was ?still/been going/sounding/off|alarms are going|alarm company|pull station|sprinkler/sprinklers|water flow alarm|heat detector|alarm activation|general fire|"
     "alarma de incendio/incendios/fuego|alarma contra incendios|alarma .. sonando|suena la alarma|detector de humo|alarma de humo|rociadores|esta sonando la alarma"},
    {T::gasleak, ' ',
     "smell/smells/smelling/smelled/smelt ?a/like/of/really/strong/some ?like/strong/natural/of/lot ?of/natural/a gas|smell of ?natural gas|gas smell|smells/smell like ?natural/propane/rotten gas/propane/eggs|gas leak*|leaking gas|gas is leaking|natural gas|hit/cut/struck/broke/ruptured ?a/the ?natural gas line|gas line|gas main|"
     "gas odor|odor of gas|rotten eggs|carbon monoxide|co alarm|co detector|monoxide|chemical/chemicals spill/spilled/leak/smell/leaking|chemical*|hazmat|hazardous|fumes|propane|ammonia|chlorine|fuel leak/spill|gasoline spill/spilled/leak/leaking/everywhere|leaking fuel/gasoline/diesel|spilled ?some gasoline/diesel/acid|spilled/leaking fuel|"
     "strange/weird/strong odor/smell|acid spill|tanker .. leaking|diesel|mercury|hissing .. gas|gas .. hissing|gas hissing|"
     "saliendo el gas|sale gas|tirando gas|pipa .. gas|gas .. volteada|combustible|huele ?mucho/muy/bien/fuerte/como a gas|huele .. gas|olor a gas|olor ?muy fuerte|fuga de gas|escape de gas|se esta escapando el gas|tiradero de gas|monoxido|derrame quimico/de|quimico*|quimicos|amoniaco|cloro derramado|fuga de propano|linea de gas|huevo podrido|huevos podridos"},
    {T::explos, '!',
     "explo*|blew up|blown up|blow up|big/huge/loud boom|boom|blast|loud bang .. smoke|explod*|"
     "explosion*|exploto|explotaron|explotar|explotando|estallo|estallido|estallando|reventon de|tronido|trono fuerte/muy|trono el/un|reventaron|volo el"},
    {T::elechzd, ' ',
     "wire/wires/line/lines/cable/cables/powerline/powerlines ?is/are/was/came/come/has/have/just/fell ?hanging/come down/sparking/arcing/hanging/fell|power/electrical/electric line/lines/wire/wires|powerline*|live wire/wires|wire/wires/line/lines .. sparking/arcing/buzzing|"
     "downed wire/wires/line/lines/power|down wire/wires/line/lines|arcing|sparks|sparking|spark|transformer*|utility/power/light/telephone/electric pole|pole .. down|wires hanging|"
     "outlet .. sparking|electrical hazard|wires down|wire down|"
     "cable/cables/alambre/linea/lineas ?de/electrico/electricos ?la/luz/alta ?luz caido/caidos/tirado/tirados/caida/caidas/colgando|cables/cable .. electric*|cayo un/el cable|cayeron los cables|cables caidos|chispas|echando chispas|chispeando|chispa|transformador|"
     "poste/postes ?de ?la ?luz|cable pelado|corto circuito|cortocircuito|linea de alta tension"},
    {T::water, '!',
     "water .. rising|rising water|trapped .. water|roof .. water|in the ?icy/freezing/deep water|in the ?icy/freezing/deep river/lake/pond/canal/ocean/bay/creek|drowning|drown|car/truck/vehicle/van .. into/in the lake/river/water/pond/canal/creek/bay|drove into the lake/river/water/pond/canal|went into the lake/river/water/pond/canal|fell/jumped in/into/off the ?lake/river/water/pond/canal/creek/ocean/boat/pool/dock/ice|"
     "water .. rising|water coming up through|swept away/out|swept down|washed away|carried by the current|rip current|current .. pulling|boat/kayak/canoe/raft/jet/sailboat ?ski/just/has/is capsiz*/overturn*/sinking/sank/flipped/sunk|capsiz*|boat .. overturned/sinking/flipped/sank/capsized/water|overturned boat|kayak .. flipped/overturned|fell through the ice|through the ice|"
     "trapped .. flood|flood .. trapped|stuck .. flood*|water rising|water is rising|struggling in the water|going under|can't swim|sinking|overboard|"
     "se esta ahogando|se estan ahogando|ahogandose|se ahoga|ahogando en|carro/coche/camioneta/troca .. al/en/dentro ?el/al/del agua/rio/lago/canal|cayo al agua/rio/lago/canal|se fue al rio/agua/lago/canal|en el agua|se volteo/volco la/una lancha/bote/kayak/barco/balsa|lancha .. volteo/volco/hundiendo|"
     "corriente se/lo/la|se lo/la llevo la corriente|la corriente|arrastro/arrastrado la/por corriente|arrastro el rio|se lo llevo el rio|no sabe nadar|hundiendo|hundio"},
    {T::entrap, ' ',
     "stuck in/down a/the storm drain|trapped|stuck ?in/inside/on/between/under/down ?the/an/a/this elevator/machine/well/hole/elevators/chimney/tree/roof/mud/cliff/wall/roller/ferris/car/trench/cave|stuck .. elevator|elevator .. stuck|elevator stopped|pinned|buried|crushed under|"
     "ceiling/roof/wall/floor/porch fell/came/gave/caved in/down/way|building/roof/wall/ceiling/bridge/trench/ceiling/garage/floor/bleachers/stands/stage/tent/scaffold*/crane/deck/balcony/structure ?part/just/has/is/wall collapsed|part of the building collapsed|building .. collapsed|roof .. collapsed|bridge .. collapsed|trench .. collapsed|collapsed on/building/roof/trench/bridge/wall|cave in|caved in|cave-in|"
     "stranded|lost hiker/hikers|hiker*|lost on/in the ?woods/trail/mountain/desert/forest|i'm/we're/am/are/got lost in|cliff|stuck on a/the ?cliff/ledge|caught in a/the machine/conveyor/baler/press|hand/arm/leg/foot/finger stuck/caught in|head stuck|fell in a hole|"
     "locked himself/herself/themselves in|left .. @K .. hot/locked car|baby/child/kid/toddler/infant .. hot car|left ?the/her/his/their baby/child/kid ?alone in|locked in ?the/a/my/hot car|locked inside the/my/a car|baby/child/toddler/kid/dog/son/daughter .. locked .. car|keys .. locked .. baby/child/toddler|baby .. in the ?hot/locked car|child in the ?hot/locked car|under .. rubble|can't get out of the|"
     "atrapad*|atorad* en|atorad*|atascado en el elevador|elevador .. atorado/parado/detenido|aplastad*|se derrumb*|derrumbe|derrumbo|se cayo el techo/la/edificio/pared|se vino abajo|enterrad*|sepultad*|perdido/perdida/perdidos en el monte/cerro/bosque/desierto|perdidos en|excursionista*|"
     "encerrado/encerrada en el carro/elevador|encerrado .. carro|debajo de los escombros|no puede salir|no podemos salir|prensad*|varado en/varados"},
    {T::air, '!',
     "plane/helicopter/airplane/aircraft/jet/chopper/cessna/glider/balloon ?just/has/is/has/a/it/small/and crash/crashed/crashing/went/down/falling/fell/landed/hit|plane .. crash*|plane .. went down|plane .. down|helicopter .. crash*|helicopter .. down|small plane .. in|hot air balloon|aircraft|emergency landing|"
     "plane/airplane/helicopter/jet fell/falling/hit/into|plain/plane crash/went|airplane|parachut*|skydiv*|"
     "se cayo/estrello/desplomo un/una ?el avion/avioneta/helicoptero/globo|avion/avioneta/helicoptero/globo .. cayo/estrello/desplomo/estrellado/caido|avioneta|helicoptero|avion"},

    // ---- traffic
    {T::mvainjy, ' ',
     "motorcycle/bike/biker/cyclist/rider/motorcyclist down|sideswipe*|t-bone*|totaled|went off the|ran off the|hanging off|crash|crashed|crashes|car/auto/traffic/vehicle/motorcycle/bad/a/an/the/serious/big/terrible/bus accident|accident|accidents|wreck|wrecked|collision|collided|smashed/slammed/plowed/slid/skidded/spun into|slid off|spun out|upside down|got rear|cars hit|hit each other|rear ended|rear-ended|rearended|rolled over|roll over|rollover|rolled his/her/my/the/a ?pickup car/truck/tractor/atv/suv/jeep/van|se volteo/volco en|@V .. volteo/volco|trailer .. volteo/volco|flipped over|flipped ?the/his/my/her car|flipped|overturned|t boned|tboned|"
     "hit a/the/my/his/into ?parked/telephone/light/utility/guard tree/pole/pedestrian/car/deer/wall/fence/guardrail/rail/building/house/truck/mailbox/cyclist/bicyclist/motorcycle/person/dog/median/barrier/hydrant/bus/sign|"
     "hit by a/an/the ?drunk/speeding car/truck/van/bus/train/vehicle/driver/suv|hit and run|hit-and-run|hit my car|hit me from/and|hit us|sideswiped|fender bender|pile up|pileup|head on|ran into a/the/my/another|drove into a/the ?side/front tree/pole/house/building/store/ditch/wall|"
     "struck by a/the car/truck/train|car/truck/van .. hit/struck .. pedestrian/bicycle/bike/kid/boy/girl/man/woman/pole/tree|off the road|into a ditch|in a ditch|in the ditch|pedestrian .. hit|pedestrian .. struck|cyclist/bicyclist .. hit/struck|airbag*|air bag/bags|train .. derail*|train hit|derail*|jackknif*|"
     "upside down car|car .. upside down|ejected|thrown from the|"
     "me/nos/lo/la acaban de chocar|hit a moose/deer/elk/bear/cow/horse|on its/his/her roof in the/a road/ditch/street|@V on its roof/side|golpe al carro|choque|choques|choco|chocaron|chocamos|choque en|chocado|chocados|accidente|accidentes|volcadura|se volco|volcado|volco|se volteo el/un/una carro/camion/troca/camioneta|atropell*|me pegaron por atras|se estrello|estrellaron|carambola|se salio del camino|le pego un carro|colision|"
     "se impacto|se dio a la fuga"},
    {T::reckdrv, ' ',
     "drunk and driving|driving through people's/the yards|doing/going 70/80/90/95/100/110/120/130|drunk/impaired/reckless/wrong-way driver|drunk driving|driving drunk/crazy/erratic*/recklessly|swerv*|all over the road|weaving|wrong way driver|wrong way on/down|wrong side of the|going/driving/driver ?the wrong way|driving ?the wrong way|street racing|racing each/down/on/up|"
     "racing|drag racing|doing donuts|street takeover|can't/couldn't stop the ?car|brakes .. out/failed/not/gone/won't/work|no brakes|brakes failed|brake failure|pedal .. stuck|accelerator .. stuck|gas pedal .. stuck|road rage|tailgat*|running red lights|ran a red|speeding|drunk .. behind the wheel|"
     "going .. miles an hour|going .. mph|almost hit several|cutting people off|driving on the sidewalk|in and out of traffic|drifting|can't stay in .. lane|nodding off at|"
     "sentido contrario|contra el trafico|maneja/manejando/conduciendo/va/anda borracho/borracha/tomado/ebrio/como|conductor borracho/ebrio|chofer borracho|zigzague*|zigzag|haciendo eses|sin frenos|no le sirven los frenos|se quedo/fallaron/quede los/sin frenos|me quede sin frenos|"
     "jugando carreras|arrancones|carreras|a exceso de velocidad|acelerador pegado/atorado|muy rapido .. carro|casi choca"},
    {T::thaz, ' ',
     "fell off a truck/trailer|in the middle of the/a interstate/highway/freeway/road/street/intersection|tree/branch/limb fell ?on/across/in|tire/tires blew ?out|blew ?out a/my tire|debris|mattress/couch/ladder/tire/box/furniture/boxes/dresser/lumber in/on/across/blocking the ?middle/left/right/road/highway/freeway|stalled|disabled ?car/vehicle/truck|broke/broken down|breaking down|car broke down|flat tire|flat tyre|blown tire|blowout|ran out of gas|"
     "cow/deer/horse/horses/cows/cattle/animal/goat/goats/moose/pig/sheep .. ?the/middle/of road/highway/freeway/interstate/lane/lanes|cow/deer/horse/horses/cows/cattle/dog/animal/goat/goats/moose/pig/sheep in/on/standing/running/walking/loose/wandering ?in/on/down ?the/middle ?of ?the road/highway/freeway/street/interstate/lane/lanes/traffic|dead deer|deer in the|"
     "tree ?is/has/fell/fallen/just ?down/across/fallen/in/blocking down/across/fell/blocking|tree fell|tree down|fallen tree|tree .. across/blocking .. road|branch .. road|traffic/stop light/lights/signal/signals ?is/are/was/not ?are out/not/working/down/dark/flashing/broken/stuck|signal .. out|light/lights ?is/are out at|"
     "?stop sign ?is/was down/missing/knocked|tow truck|need/needs a tow|stuck in the left/right/middle/center lane|car/truck won't start|black ice|icy road*|ice on the|oil on the|sinkhole|manhole|blocking the/traffic/a ?left/right/road/lane/intersection|in the middle of the road/highway/freeway/intersection/street|object in the|something in the road|stuck on the tracks|"
     "car .. on the tracks|abandoned car/vehicle|lost its load|rocks in the|mudslide on|stopped in the ?left/middle/right/center lane|"
     "arbol en la carretera/calle/autopista|estorb*|llanta/llantas ?en/ponchada|se me poncho|poncho la llanta|carro/coche/camion/camioneta/troca .. descompuesto/parado/descompuesta/varado/tirado/averiado|descompuesto|descompuse|se me descompuso|se descompuso|varado|arbol .. caido/tirado/carretera/calle/camino|se cayo un arbol|cayo un arbol|"
     "semaforo*|vaca/vacas/caballo/caballos/venado/perro/animal en/suelto/atravesado ?en ?la/el carretera/camino/autopista/medio/freeway|colchon/escalera/sillon en|escombro/escombros en la|basura en la carretera|hielo en la|aceite en la|piedras en la|bloqueando|tapando el carril|alcantarilla"},

    // ---- other
    {T::animal, ' ',
     "bear/coyote/raccoon/snake/alligator/bat/possum trying|a bear is|letting ?her/his/their dog/dogs|dog/cat/puppy in a hot car|loose/stray/aggressive/vicious/barking dog/dogs/pit/pitbull|dog/dogs ?is/are/running/keeps/won't/that's/been/has/was ?been/running/stop/has loose/barking/chasing/growling/around|dog .. loose|dog .. barking|barking|raccoon*|bat/snake/skunk/possum/coyote/bear/alligator/gator/bobcat/cougar/squirrel ?in/is/got/under/inside/outside ?my/the|"
     "snake|snakes|coyote*|bear|alligator*|gator|mountain lion|rattlesnake|animal cruelty|abusing/abused/beating/neglect* ?a/his/the/her/their dog/animals/animal/horse|dog .. locked/left .. car/hot|injured/hurt/sick/dead deer/dog/animal/owl/bird/raccoon|rabid|swarm of bees|bees|animal control|"
     "cat stuck|cat .. tree|cow/cows/horse/horses got/loose/out|loose horse/cow/goat/pig|bat in|wild animal/boar/hog|"
     "perro/perros suelto/sueltos/bravo/ladrando/agresivo/bravos|perro .. suelto/ladrando|ladr*|vibora|serpiente|culebra|mapache|murcielago|zorrillo|coyote|oso|caiman|animal/animales ?suelto/muerto/salvaje|animales sueltos|maltrato/maltratando animal/al/a un|un animal|abejas|enjambre|gato .. arbol"},
    {T::citasst, ' ',
     "fire drill|are/is the road/roads|roads/road closed|car/truck .. parked|lost my/his/her/our ?damn keys/phone/wallet/purse/glasses/license/id/card/passport/cat/dog|lost and found|smoke detector ?is/keeps chirping/beeping|smoke detector .. low battery|smoke detector .. chirping|smoke detector .. beeping every|alarm .. low battery|water leak/leaking/bill/main/pressure/heater/meter/damage|locked ?myself/out/me/us out|locked out of|locked .. keys|keys ?are/in/inside/locked ?locked/in/inside the/my/of car|lost my ?keys/phone/wallet/purse|what time|what's the number|phone number for|number for|non emergency|nonemergency|not an emergency|isn't an emergency|not a emergency|"
     "report number|case number|police report|copy of|power ?is/went/been/has out|power outage|no power|lost power|power's out|electricity is out|water main|pothole|noise of|complain*|complaint about|wrong order|cold food|refund|pizza was|order was|my food|how do i|how can i|where do i|who do i|can you tell me|"
     "need a ride|wants/want his/her/my stuff back|i need/want/have/wanted ?to information/know/ask/a ?question/if/how/when|a question|question about|i was/just/am wondering|wondering if/when/how|is .. open today|when .. open|directions to|parking ticket/violation|parked in my/front/handicapped/my ?spot|blocking my driveway|car .. blocking my|parking|"
     "jail|inmate|court date|pay .. ticket|pay my|bail|found a ?lost/set wallet/phone/purse/keys|welfare check|notary|visiting hours|chirping|beeping|low battery|civil|landlord|evict*|custody|tow* my car|where .. towed|impound*|street light|streetlight|garbage pickup|trash pickup|weather|"
     "lift assist|needs help getting up|smoke detector .. chirping|"
     "me quede afuera|me quede fuera|llaves ?se/quedaron/estan ?adentro/dentro/quedaron adentro/dentro/encerradas|deje las llaves|perdi mi/mis/las cartera/llaves/telefono|queja|quejarme|quiero informacion|informacion|una pregunta|quisiera saber|quiero saber|a que hora|que hora es|numero de ?la/reporte reporte/telefono|"
     "no es ?una emergencia|no es emergencia|se fue la luz|no hay luz|sin luz|apagon|carcel|multa|estacionado en mi|bloqueando mi|como puedo|donde puedo|copia de|reporte de policia|grua|pizza|mi comida|mi pedido|bateria baja|perdi mis llaves"},
    {T::majorinc, ' ',
     "tornado*|funnel cloud*|twister|flood|flooding|flooded|flash flood|earthquake|quake|landslide|mudslide|mass casualty|dozens of people|many people hurt/injured|lots of people hurt/injured|hurricane|tsunami|avalanche|levee|dam .. broke/breaking|"
     "tornado|inundaci*|inundad*|inundo|se esta inundando|inundando|terremoto|temblor|deslave|alud|huracan|tromba|remolino|muchos heridos"},
    {T::hangup, ' ',
     "wrong number|meant to dial/call|?dialed/called/dialled/call/dial by accident/mistake|by accident|by mistake|on accident|accidental* ?dialed/called/call|called accident*|pocket dial*|butt dial*|misdial*|test call|just/this/is/only a/testing test|testing the/our phone|this is a test|didn't mean to ?call/dial|did not mean to ?call|"
     "my kid/son/daughter/toddler/baby/child .. playing ?with ?the/my phone|playing with the/my phone|phone called ?you ?by/itself|my watch/phone ?just/automatically called/dialed/detected|crash detection|fall detection|false alarm|hung up|never mind|nevermind|prank|i'm fine|everything is/everything's fine|everything's ok/okay|"
     "no emergency|there's no emergency|don't need anything|didn't mean|sat on my phone|training exercise|exercise exercise exercise|exercise exercise|drill|"
     "numero equivocado|me equivoque|fue sin querer|sin querer|por error|por accidente|una prueba|es una prueba|llamada de prueba|prueba de|jugando con el telefono|marque mal|se marco solo|no queria llamar|falsa alarma|no pasa nada|todo esta bien|fue un error|disculpe"},
    {T::trouble, ' ',
     "help|hurry|send ?me/us somebody/someone/help/police/anyone/officers|come quick|emergency|need/send the police|need police/officers/help|ayuda|auxilio|ayudenme|socorro|apurense|manden a alguien|emergencia|manden/mande/llamen a/la ?la policia|welfare check|check on"},
};

}  // namespace

Table<Phrases> lexicon() { return {k_lexicon, std::size(k_lexicon)}; }
Table<WordList> word_lists() { return {k_lists, std::size(k_lists)}; }

}  // namespace holdfast::incident
