//! What a CardDAV server answers.

use super::mutate::Shape::Text;
use super::{fuzz, fuzz_again};
use crate::connector::carddav::fuzz as read;

const CARDS: &[&str] = &[
    "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Example//EN\r\nN:Example;Anna;Maria,Luise;Dr.;\r\nFN:Dr. Anna Example\r\nitem1.EMAIL;type=INTERNET;type=pref:anna@example.com\r\nitem1.X-ABLabel:_$!<Work>!$_\r\nEMAIL;type=INTERNET;type=HOME:anna.home@example.org\r\nTEL;type=CELL;type=VOICE;type=pref:+49 170 0000001\r\nTEL;TYPE=\"WORK,VOICE\":+49 30 0000002\r\nTEL;WORK;FAX:+49 30 0000003\r\nitem2.ADR;type=WORK:;;Lange Straße 1\\, Hof;Berlin;;10115;Germany\r\nitem2.X-ABADR:de\r\nORG:Example GmbH;Vertrieb;Team Nord\r\nNOTE:first\\nsecond\\; with \\\\ and a line that is folded somewhere in t\r\n he middle of a word\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/\r\n  2wBDAAE=\r\nX-CLASS:gold\r\nUID:1-2-3\r\nX-CRMSYNC-TWIN:people/c1\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\nFN;PREF=1:Ada Stone\nN:Stone;Ada;;;\nTEL;VALUE=uri;TYPE=\"voice,home\";PREF=1:tel:+49-30-1;ext=7\nEMAIL;TYPE=work:ada@example.com\nBDAY:19800229\nANNIVERSARY:--0412\nADR;TYPE=home;LABEL=\"Lane 1\\nBasel\";JSCOMPS=\";a\":;;Lane 1;Basel;;4000;CH\nURL:https://example.com/a;b,c\nIMPP:xmpp:ada@example.org\nNICKNAME:Ad,Da\nORG:Stone Ltd\nEND:VCARD\n",
    "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg=\r\n;;;\r\nTEL;CELL:0170 1\r\nNOTE;QUOTED-PRINTABLE:a=0D=0A=\r\nb\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Other\r\nEND:VCARD\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\r\nVERSION:3.0\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nFN:Friends\r\nEND:VCARD\r\n",
];

const CARD_WORDS: &[&str] = &[
    "BEGIN:VCARD\r\n",
    "END:VCARD\r\n",
    "VERSION:4.0\r\n",
    "N:;;;;\r\n",
    "FN:\r\n",
    "EMAIL",
    "TEL",
    "ADR",
    "ORG:",
    "BDAY;VALUE=text:circa 1800\r\n",
    "BDAY;VALUE=date-time:1980-02-29T00:00:00Z\r\n",
    ";TYPE=work",
    ";TYPE=\"home,cell\"",
    ";PREF=1",
    ";VALUE=uri:tel:",
    ";ENCODING=b:",
    ";ENCODING=QUOTED-PRINTABLE:",
    ";CHARSET=ISO-8859-1",
    ";SORT-AS=\"a\"",
    "=\r\n",
    "\r\n ",
    "\r\n\t",
    "\\n",
    "\\,",
    "\\;",
    "^n",
    ";",
    ":",
    ",",
    "item1.",
    "X-ABLabel:_$!<HomeFAX>!$_\r\n",
];

const ANSWERS: &[&str] = &[
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:carddav\"><d:response><d:href>/anna/book/a%20b.vcf</d:href><d:propstat><d:prop><d:getetag>W/\"1\"</d:getetag><d:getlastmodified>Wed, 25 Nov 2026 10:00:00 GMT</d:getlastmodified><d:getcontentlength>120</d:getcontentlength><c:address-data>BEGIN:VCARD&#13;\nVERSION:3.0&#13;\nN:Stone;Ada;;;&#13;\nEMAIL:ada@example.com&#13;\nEND:VCARD&#13;\n</c:address-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><d:x/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response><d:response><d:href>/anna/book/gone.vcf</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response><d:sync-token>http://example.com/sync/7</d:sync-token></d:multistatus>",
    "<multistatus xmlns=\"DAV:\"><response><href>/anna/book/</href><propstat><prop><resourcetype><collection/><addressbook xmlns=\"urn:ietf:params:xml:ns:carddav\"/></resourcetype><displayname><![CDATA[Anna & co]]></displayname><current-user-principal><href>/anna/</href></current-user-principal><addressbook-home-set xmlns=\"urn:ietf:params:xml:ns:carddav\"><href xmlns=\"DAV:\">/anna/</href></addressbook-home-set><supported-report-set><supported-report><report><sync-collection/></report></supported-report></supported-report-set><current-user-privilege-set><privilege><read/></privilege><privilege><write-content/></privilege></current-user-privilege-set><max-resource-size xmlns=\"urn:ietf:params:xml:ns:carddav\">102400</max-resource-size><supported-address-data xmlns=\"urn:ietf:params:xml:ns:carddav\"><address-data-type content-type=\"text/vcard\" version=\"4.0\"/></supported-address-data></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>",
    "<d:error xmlns:d=\"DAV:\"><d:valid-sync-token/><no-uid-conflict xmlns=\"urn:ietf:params:xml:ns:carddav\"><d:href>/anna/book/x.vcf</d:href></no-uid-conflict></d:error>",
];

const ANSWER_WORDS: &[&str] = &[
    "<d:response>",
    "</d:response>",
    "<d:href>",
    "<d:prop>",
    "</d:prop>",
    "<d:propstat>",
    "<x xmlns=\"urn:x\">",
    "<!DOCTYPE a [<!ENTITY e \"x\">]>",
    "&e;",
    "&amp;",
    "&#0;",
    "&#x10FFFF;",
    "&#xD800;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.0\"?>",
    "xmlns:d=\"DAV:\"",
    " a=\"",
    "/>",
];

const ADDRESSES: &[&str] = &[
    "/anna/book/a%20b.vcf",
    "https://example.com/anna/book/%E2%82%AC.vcf",
    "a.vcf?x=1#y",
    "//example.org/anna/book/a.vcf",
    "../book/./b.vcf",
    "http://example.com:81/",
];

const ADDRESS_WORDS: &[&str] = &[
    "%2F",
    "%2e%2e",
    "%5C",
    "%25",
    "%C3%28",
    "/",
    "..",
    "//",
    "@",
    ":",
    "?",
    "#",
    "[::1]",
    "file:",
    "/anna/book/",
];

#[test]
fn answers() {
    fuzz(
        "carddav: answer",
        Text,
        ANSWERS,
        ANSWER_WORDS,
        read::answers,
    );
}

#[test]
fn cards() {
    let failed: &[&[u8]] = &[
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nTEL;CELL:0170 1\r\nEND:VCARD\r\nEND:VCARD\r\n",
        b"BEGIN:VC\"\\u0000\"RSION:2\xf0.1\r\nN;CHARSET=UTF-8;ENCO\xe4ING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg=\r\n;;;\r\nTEL;CELL:0170 1\r\nNOTE;QUOTED-PRINT-222222222ABLE:a=0D=0A=\r\nb\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Other\r\nEND:VCARD\r\nEND:\r\n VCARD\r\n",
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Stone;Ada\r\nTEL;CELL:0170 1\r\nNOTE;QU\\:a=0D=0A=\r\nb\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Other\r\nEND:VCARD\r\nEND:VCARD\r\n",
    ];
    fuzz_again(
        "carddav: card",
        Text,
        CARDS,
        CARD_WORDS,
        failed,
        read::cards,
    );
}

#[test]
fn addresses() {
    fuzz(
        "carddav: address",
        Text,
        ADDRESSES,
        ADDRESS_WORDS,
        read::addresses,
    );
}
