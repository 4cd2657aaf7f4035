/*
 * The licences of others' sources that firmware links with thimble's: they ask that their text goes with it.
 * A product that shows or serves its licences includes this file in one of its own; no other product pays for
 * it. The texts are those of firmware/licenses; thimble's own is LICENSE.
 */
#ifndef THIMBLE_LICENSES_H
#define THIMBLE_LICENSES_H

static const char thimble_licenses[] =
    "wasm3, https://github.com/wasm3/wasm3\n"
    "\n"
    "MIT License\n"
    "\n"
    "Copyright (c) 2019 Steven Massey, Volodymyr Shymanskyy\n"
    "\n"
    "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
    "of this software and associated documentation files (the \"Software\"), to deal\n"
    "in the Software without restriction, including without limitation the rights\n"
    "to use, copy, modify, merge, publish, distribute, sublicense, and/or sell\n"
    "copies of the Software, and to permit persons to whom the Software is\n"
    "furnished to do so, subject to the following conditions:\n"
    "\n"
    "The above copyright notice and this permission notice shall be included in all\n"
    "copies or substantial portions of the Software.\n"
    "\n"
    "THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\n"
    "IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\n"
    "FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\n"
    "AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\n"
    "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\n"
    "OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE\n"
    "SOFTWARE.\n"
    "\n"
    "ed25519, https://github.com/orlp/ed25519\n"
    "\n"
    "Copyright (c) 2015 Orson Peters <orsonpeters@gmail.com>\n"
    "\n"
    "This software is provided 'as-is', without any express or implied warranty. In no event will the\n"
    "authors be held liable for any damages arising from the use of this software.\n"
    "\n"
    "Permission is granted to anyone to use this software for any purpose, including commercial\n"
    "applications, and to alter it and redistribute it freely, subject to the following restrictions:\n"
    "\n"
    "1. The origin of this software must not be misrepresented; you must not claim that you wrote the\n"
    "   original software. If you use this software in a product, an acknowledgment in the product\n"
    "   documentation would be appreciated but is not required.\n"
    "\n"
    "2. Altered source versions must be plainly marked as such, and must not be misrepresented as\n"
    "   being the original software.\n"
    "\n"
    "3. This notice may not be removed or altered from any source distribution.\n";

#endif
