//! Terms by their letters: finds those that a text begins with.

use std::ops::Range;

/// Children above which a node has a table of them.
const MANY: usize = 6;
/// In such a table: no child.
const NONE: u32 = 0;

/// ASCII terms as a tree, a step for each byte. Only what begins as a term does is looked at, and most words leave the tree
/// within three steps; it is small enough to stay in a processor's cache.
#[derive(Debug)]
pub(crate) struct Trie {
    /// The root, and after it the children of each node side by side.
    nodes: Vec<Node>,
    /// Of nodes with many children, the child by its byte.
    tables: Vec<[u32; 128]>,
}

#[derive(Debug)]
struct Node {
    byte: u8,
    children: Children,
    /// The term that ends here.
    term: Option<u32>,
}

#[derive(Debug)]
enum Children {
    /// Where they begin among the nodes, and how many there are.
    Few(u32, u8),
    /// Which table has them.
    Many(u32),
}

impl Node {
    fn new(byte: u8) -> Node {
        Node { byte, children: Children::Few(0, 0), term: None }
    }
}

impl Trie {
    /// Of terms that are sorted and each of which occurs once.
    pub(crate) fn new(terms: &[String]) -> Trie {
        let mut trie = Trie { nodes: vec![Node::new(0)], tables: Vec::new() };
        let mut open: Vec<(usize, usize, Range<usize>)> = vec![(0, 0, 0..terms.len())];
        while let Some((node, depth, mut range)) = open.pop() {
            if terms.get(range.start).is_some_and(|term| term.len() == depth) {
                trie.nodes[node].term = u32::try_from(range.start).ok();
                range.start += 1;
            }
            let (first, mut start) = (trie.nodes.len(), range.start);
            for group in terms[range].chunk_by(|one, other| one.as_bytes()[depth] == other.as_bytes()[depth]) {
                open.push((trie.nodes.len(), depth + 1, start..start + group.len()));
                trie.nodes.push(Node::new(group[0].as_bytes()[depth]));
                start += group.len();
            }
            trie.nodes[node].children = trie.children(first);
        }
        trie
    }

    /// The nodes from `first` on as the children of one.
    fn children(&mut self, first: usize) -> Children {
        let children = &self.nodes[first..];
        if children.len() <= MANY {
            return Children::Few(first as u32, children.len() as u8);
        }
        let mut table = [NONE; 128];
        for (position, child) in children.iter().enumerate() {
            table[usize::from(child.byte)] = (first + position) as u32;
        }
        self.tables.push(table);
        Children::Many(self.tables.len() as u32 - 1)
    }

    /// The terms that a text begins with, the shortest first: their lengths and positions.
    pub(crate) fn beginnings<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, usize)> + use<'t> {
        let steps = text.iter().scan(&self.nodes[0], |node, &byte| {
            *node = self.child(node, byte)?;
            Some(node.term)
        });
        steps.zip(1..).filter_map(|(term, length)| Some((length, term? as usize)))
    }

    fn child(&self, node: &Node, byte: u8) -> Option<&Node> {
        match node.children {
            Children::Few(first, count) => {
                let children = &self.nodes[first as usize..][..usize::from(count)];
                children.iter().find(|child| child.byte == byte)
            }
            Children::Many(table) => match *self.tables[table as usize].get(usize::from(byte))? {
                NONE => None,
                child => Some(&self.nodes[child as usize]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_terms_that_a_text_begins_with_are_found(terms: BTreeSet<String>, text in "[ab]{0,6}") {
            let terms: BTreeSet<String> =
                terms.into_iter().map(|term| term.bytes().map(|byte| char::from(b'a' + byte % 2)).collect()).collect();
            let terms: Vec<String> = terms.into_iter().filter(|term| !term.is_empty()).collect();
            let trie = Trie::new(&terms);
            let mut expected: Vec<(usize, usize)> = Vec::new();
            for (position, term) in terms.iter().enumerate().filter(|(_, term)| text.starts_with(term.as_str())) {
                expected.push((term.len(), position));
            }
            prop_assert_eq!(trie.beginnings(text.as_bytes()).collect::<Vec<_>>(), expected);
        }
    }
}
