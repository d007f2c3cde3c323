//! One report of the collection: an XML document.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::Section;

/// What is used of an XML file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Document {
    pub(super) id: String,
    pub(super) sections: Vec<Section>,
    /// Human annotations, "normal" or `Finding/site/qualifier`.
    pub(super) major: Vec<String>,
    /// Names of the images, without extension.
    pub(super) images: Vec<String>,
}

impl Document {
    /// Reads a report; `None` where it is not well-formed XML with an identifier.
    pub(super) fn parse(bytes: &[u8]) -> Option<Document> {
        let mut reader = Reader::from_str(std::str::from_utf8(bytes).ok()?);
        let mut document = Document::default();
        let mut depth = 0_usize;
        let mut text = String::new();
        let mut label = None;
        loop {
            match reader.read_event().ok()? {
                Event::Start(element) => {
                    depth += 1;
                    if matches!(element.name().as_ref(), "AbstractText" | "major") {
                        text.clear();
                    }
                    open(&element, &mut document, &mut label)?;
                }
                Event::Empty(element) => open(&element, &mut document, &mut label)?,
                Event::Text(part) => text.push_str(&part),
                Event::CData(part) => text.push_str(&part),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                    Some(character) => text.push(character),
                    None => text.push_str(resolve_predefined_entity(&reference)?),
                },
                Event::End(element) => {
                    depth = depth.checked_sub(1)?;
                    let content = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    match element.name().as_ref() {
                        "AbstractText" => document
                            .sections
                            .push(Section { name: label.take().unwrap_or_else(|| "report".to_owned()), text: content }),
                        "major" => document.major.push(content),
                        _ => {}
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        (depth == 0 && !document.id.is_empty()).then_some(document)
    }
}

/// Notes what the attributes of an opening element say.
fn open(element: &BytesStart<'_>, document: &mut Document, label: &mut Option<String>) -> Option<()> {
    let attribute = |name: &str| -> Option<Option<String>> {
        let attribute = element.try_get_attribute(name).ok()?;
        Some(attribute.map(|attribute| attribute.value.to_string()))
    };
    match element.name().as_ref() {
        "uId" => document.id = attribute("id")?.unwrap_or_default(),
        "parentImage" => document.images.extend(attribute("id")?),
        "AbstractText" => *label = attribute("Label")?.map(|label| label.trim().to_lowercase()),
        _ => {}
    }
    Some(())
}

#[cfg(test)]
pub(super) const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
    <eCitation>
      <uId id="CXR7"/>
      <Abstract>
        <AbstractText Label="COMPARISON"/>
        <AbstractText Label="FINDINGS">Heart size  normal &amp; lungs
          clear.</AbstractText>
        <AbstractText Label="IMPRESSION"><![CDATA[No <acute> disease.]]></AbstractText>
      </Abstract>
      <MeSH><major>normal</major><automatic>heart</automatic></MeSH>
      <parentImage id="CXR7_IM-1-1001"><figureId>F1</figureId></parentImage>
      <parentImage id="CXR7_IM-1-2001"/>
    </eCitation>"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Report;

    #[test]
    fn sections_annotations_and_images_are_read() {
        let document = Document::parse(XML.as_bytes()).unwrap();
        let report = Report::from_sections(document.sections).unwrap();
        assert_eq!(report.text(), "FINDINGS: Heart size normal & lungs clear.\nIMPRESSION: No <acute> disease.");
        assert_eq!(document.major, ["normal"]);
        assert_eq!(document.images, ["CXR7_IM-1-1001", "CXR7_IM-1-2001"]);
    }

    #[test]
    fn broken_documents_are_none() {
        let cut = &XML[..XML.len() / 2];
        for text in ["", "plain text", cut, "<a></b>", "<eCitation/>", "<a><uId id=\"x\"/>&unknown;</a>"] {
            assert_eq!(Document::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Document::parse(&[0xff, 0xfe, 0x00]), None);
    }
}
