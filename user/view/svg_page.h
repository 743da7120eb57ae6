/* SPDX-License-Identifier: BSD-2-Clause */
/* svg_page.h - what is the same in every flame graph: how it looks, and what it does when it is clicked */
#ifndef GILTOP_VIEW_SVG_PAGE_H
#define GILTOP_VIEW_SVG_PAGE_H

extern const char svg_style[];	/* CSS, but for the colours of frames */
extern const char svg_script[]; /* JavaScript, without "]]>" */

#endif
